import { type Document as YamlDocument, isMap, LineCounter, parseDocument } from 'yaml';
import { explainThrown } from '../../state/yaml.ts';
import { explainSyntax, offsetOf } from '../../state/yaml-explain.ts';
import type { Definition, Place } from './definition.ts';
import { PipelineInvalid } from './invalid.ts';
import { takeDuplicateKeys, keyText } from './yaml-keys.ts';
import { keepAsWritten } from './yaml-texts.ts';

/** Reads ci.yml. Throws PipelineInvalid where it is no YAML; whatever else is wrong comes with the definition. */
export function readYamlDefinition(source: string, content: string): Definition {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const lines = text.split('\n');
  const placeAt = (line: number, column: number): Place => ({ file: source, line, column, text: lines[line - 1] ?? '' });
  const counter = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return placeAt(Math.max(1, line), Math.max(1, col));
  };
  const document = guarded(() => parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false }));
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new PipelineInvalid(
      source,
      faults.map(({ code, message, pos }) => ({ place: at(pos[0]), message: explainSyntax(code, message) })),
    );
  }
  const mistakes = takeDuplicateKeys(document.contents).map(({ offset, firstOffset, message }) => ({
    place: at(offset),
    message: `${message}: the first stands on line ${at(firstOffset).line}`,
  }));
  const jobs = document.get('jobs', true);
  return {
    source,
    value: guarded(() => contentOf(document)),
    jobs: isMap(jobs) ? [...new Set(jobs.items.map(({ key }) => keyText(key)))] : [],
    functions: new Set(),
    mistakes,
    locate: (path, part) => at(offsetOf(document, path, part === 'key')),
  };

  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const { line, column, message } = explainThrown(text, cause);
      throw new PipelineInvalid(source, [{ place: placeAt(line, column), message }]);
    }
  }
}

/** An empty file is an empty pipeline, whose mistake is that it has no jobs. */
function contentOf(document: YamlDocument.Parsed): unknown {
  keepAsWritten(document);
  return (document.toJS({ maxAliasCount: 100 }) as unknown) ?? {};
}
