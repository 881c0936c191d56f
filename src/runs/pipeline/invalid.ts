import { SlipwayError } from '../../errors.ts';
import { printable } from '../../state/yaml.ts';
import type { Mistake } from './definition.ts';

/** A pipeline that cannot be run, with everything that is wrong in it. */
export class PipelineInvalid extends SlipwayError {
  readonly source: string;
  readonly mistakes: readonly Mistake[];

  constructor(source: string, found: readonly Mistake[]) {
    const mistakes = inOrder(found);
    const [first, ...more] = mistakes.map((mistake) => ({ head: headOf(source, mistake), quoted: quotedLine(mistake) }));
    const single = first !== undefined && more.length === 0;
    const detail = single
      ? first.quoted
      : [first, ...more].flatMap((one) => (one ? [one.head, ...(one.quoted === undefined ? [] : [one.quoted])] : [])).join('\n');
    super('E_PIPELINE_INVALID', single ? first.head : `${source} has ${mistakes.length} mistakes.`, {
      hint: 'Nothing was run. Mend it; `slipway ci validate` looks at it again.',
      ...(detail === undefined ? {} : { detail }),
    });
    this.source = source;
    this.mistakes = mistakes;
  }
}

function headOf(source: string, { place, message }: Mistake): string {
  const at = place === undefined ? source : `${place.file}:${place.line}:${place.column}`;
  return `${at}: ${printable(message)}`;
}

function quotedLine({ place }: Mistake): string | undefined {
  return place && `  ${place.line} | ${printable(place.text).slice(0, 160)}`;
}

/** By their places; those without one keep their order, at the end. The same said twice of one place is said once. */
function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const known = new Set<string>();
  return mistakes
    .filter((mistake) => {
      const text = JSON.stringify([mistake.place?.file, mistake.place?.line, mistake.place?.column, mistake.message]);
      return !known.has(text) && known.add(text);
    })
    .sort(({ place: a }, { place: b }) => {
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
      return a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;
    });
}
