import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from './atomic.ts';
import { listsForMaps } from './yaml-shape.ts';

type Schema = BaseSchema<unknown, unknown, BaseIssue<unknown>>;

export interface YamlMistake {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly message: string;
}

/** People's files are pages long; what is larger is not one. */
const maximumBytes = 2 * 1_048_576;
const shownMistakes = 20;

/** Reads and parses people's YAML. `undefined` where there is no such file; E_BAD_FILE as parseYaml. */
export async function readYaml<S extends Schema>(file: string, schema: S): Promise<InferOutput<S> | undefined> {
  const text = await readYamlText(file);
  return text === undefined ? undefined : parseYaml(file, text, schema);
}

/** The text of a regular file of at most 2 MiB of UTF-8. `undefined` where there is no such file; else E_BAD_FILE. */
export async function readYamlText(file: string): Promise<string | undefined> {
  const bytes = readBytes(file);
  return bytes === undefined ? undefined : decode(file, bytes);
}

/** Parses people's YAML against a schema. Throws E_BAD_FILE with every mistake: file, line, column, the line itself, what was expected. */
export async function parseYaml<S extends Schema>(file: string, source: string, schema: S): Promise<InferOutput<S>> {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  if (text.length > maximumBytes) throw tooLarge(file);
  const [{ parseDocument, LineCounter }, { safeParse }] = await Promise.all([import('yaml'), import('valibot')]);
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = guarded(file, text, () => parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true }));
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const { explainSyntax } = await import('./yaml-explain.ts');
    throw badFile(
      file,
      text,
      faults.map((fault) => ({ ...at(fault.pos[0]), message: explainSyntax(fault.code, fault.message) })),
    );
  }
  const value: unknown = guarded(file, text, () => document.toJS({ maxAliasCount: 100 }));
  const lists = listsForMaps(schema, value);
  if (lists.length > 0) {
    const { explainLists } = await import('./yaml-explain.ts');
    throw badFile(
      file,
      text,
      explainLists(lists, document).map(({ offset, message }) => ({ ...at(offset), message })),
    );
  }
  const result = safeParse(schema, value ?? {});
  if (result.success) return result.output;
  const { explainIssues } = await import('./yaml-explain.ts');
  throw badFile(
    file,
    text,
    explainIssues(result.issues, schema, document).map(({ offset, message }) => ({ ...at(offset), message })),
  );
}

/** Formats a value as YAML, long strings unfolded. */
export async function formatYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0 });
}

export function badFile(file: string, text: string, mistakes: readonly YamlMistake[]): SlipwayError {
  const lines = text.split('\n');
  const shown = [...mistakes]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => ({
      head: `${file}:${line}:${column}: ${printable(message)}`,
      quoted: `  ${line} | ${printable(lines[line - 1] ?? '').slice(0, 160)}`,
    }));
  const [first] = shown;
  if (shown.length === 1 && first) return new SlipwayError('E_BAD_FILE', first.head, { detail: first.quoted, hint });
  const detail = shown.slice(0, shownMistakes).map(({ head, quoted }) => `${head}\n${quoted}`);
  if (shown.length > shownMistakes) detail.push(`… and ${shown.length - shownMistakes} more`);
  return new SlipwayError('E_BAD_FILE', `${file} has ${mistakes.length} mistakes.`, { detail: detail.join('\n'), hint });
}

const hint = 'Mend the file; it was left as it is.';

function tooLarge(file: string): SlipwayError {
  return new SlipwayError('E_BAD_FILE', `${file} is larger than 2 MiB.`, { hint });
}

function guarded<T>(file: string, text: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw badFile(file, text, [explainThrown(text, cause)]);
  }
}

/** What the parser throws instead of collecting: alias bombs, aliases without an anchor, nesting deeper than the stack. */
export function explainThrown(text: string, cause: unknown): YamlMistake {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof RangeError) return { line: 1, column: 1, message: 'is nested too deeply' };
  const alias = /(?:alias|anchor).*: (\S+)$/s.exec(message)?.[1];
  const offset = alias === undefined ? -1 : text.indexOf(`*${alias}`);
  const before = text.slice(0, Math.max(0, offset)).split('\n');
  const explained =
    alias !== undefined
      ? `\`*${alias}\` names no anchor: expected \`&${alias}\` before it`
      : /excessive alias/i.test(message)
        ? 'repeats its anchors more than 100 times'
        : message;
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: explained };
}

function readBytes(file: string): Buffer | undefined {
  try {
    // Opening a pipe would wait for a writer.
    const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(handle);
      if (!stats.isFile()) throw new SlipwayError('E_BAD_FILE', `${file} is not a regular file.`, { hint: 'Put a YAML file in its place.' });
      if (stats.size > maximumBytes) throw tooLarge(file);
      return readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', file, cause);
  }
}

function decode(file: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const text = bytes.toString('utf8');
  // A multi-byte character never holds a newline, so lines can be judged one by one.
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(10, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (!isUtf8(part)) throw badFile(file, text, [{ line, column: part.toString('utf8').indexOf('\uFFFD') + 1, message: 'expected UTF-8 text' }]);
    if (end < 0) throw badFile(file, text, [{ line: 1, column: 1, message: 'expected UTF-8 text' }]);
    start = end + 1;
  }
}

/** A file's content goes to a terminal: what would move its cursor is shown as a question mark. */
export function printable(text: string): string {
  // A password that somebody wrote into an address is not shown again.
  const safe = text.replace(/\r$/, '').replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1***@');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
  return safe.replace(/\t/g, ' ').replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '?');
}
