import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { SlipwayError } from '../errors.ts';

type Schema = BaseSchema<unknown, unknown, BaseIssue<unknown>>;

export interface YamlMistake {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Parses people's YAML against a schema. Throws E_BAD_FILE with every mistake: file, line, column, the line itself, what was expected. */
export async function parseYaml<S extends Schema>(file: string, text: string, schema: S): Promise<InferOutput<S>> {
  const [{ LineCounter, parseDocument }, { safeParse }] = await Promise.all([import('yaml'), import('valibot')]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, maxAliasCount: 100 } as never);
  if (document.errors.length > 0) {
    throw badFile(file, text, document.errors.map((error) => ({ ...position(lines.linePos(error.pos[0])), message: error.message })));
  }
  const result = safeParse(schema, document.toJS({ maxAliasCount: 100 }) ?? {});
  if (result.success) return result.output;
  const mistakes = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((item) => item.key);
    return { ...position(lines.linePos(offsetOf(document, path))), message: explain(issue, path, schema) };
  });
  throw badFile(file, text, mistakes);
}

/** Formats a value as YAML, long strings unfolded. */
export async function formatYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0 });
}

export function badFile(file: string, text: string, mistakes: readonly YamlMistake[]): SlipwayError {
  const lines = text.split('\n');
  const shown = [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column).map(
    ({ line, column, message }) => `${file}:${line}:${column}: ${message}\n  ${line} | ${(lines[line - 1] ?? '').slice(0, 160)}`,
  );
  const first = shown[0]?.split('\n')[0] ?? file;
  return new SlipwayError('E_BAD_FILE', mistakes.length === 1 ? first : `${file} has ${mistakes.length} mistakes.`, {
    detail: mistakes.length === 1 ? (shown[0]?.split('\n')[1] ?? '') : shown.join('\n'),
    hint: 'Mend the file; it was left as it is.',
  });
}

interface PathDocument {
  getIn(path: readonly unknown[], keepScalar: true): unknown;
  readonly contents: unknown;
}

/** Where the value stands; for a missing key its nearest parent; for an unknown key the key itself. */
function offsetOf(document: PathDocument, path: readonly unknown[]): number {
  for (let length = path.length; length >= 0; length--) {
    const parent = length === 0 ? undefined : document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const key = keyOffset(parent, path[length - 1]);
    if (key !== undefined) return key;
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const offset = rangeStart(node);
    if (offset !== undefined) return offset;
  }
  return 0;
}

function keyOffset(map: unknown, key: unknown): number | undefined {
  if (typeof map !== 'object' || map === null || !('items' in map) || !Array.isArray(map.items)) return undefined;
  for (const item of map.items as readonly { key?: { value?: unknown } }[]) {
    if (item?.key?.value !== undefined && String(item.key.value) === String(key)) return rangeStart(item.key);
  }
  return undefined;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  return typeof node.range[0] === 'number' ? node.range[0] : undefined;
}

function position(at: { readonly line: number; readonly col: number }): { line: number; column: number } {
  return { line: Math.max(1, at.line), column: Math.max(1, at.col) };
}

function explain(issue: BaseIssue<unknown>, path: readonly unknown[], schema: Schema): string {
  const name = path.map(String).join('.') || 'the file';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = entriesAt(schema, path.slice(0, -1));
    const near = nearest(String(path.at(-1)), known);
    const suggestion = near ? `did you mean \`${near}\`?` : known.length > 0 ? `known keys: ${known.join(', ')}` : 'it is not known here';
    return `unknown key \`${name}\`: ${suggestion}`;
  }
  if (issue.received === 'undefined') return `\`${name}\` is missing: expected ${issue.expected ?? 'a value'}`;
  if (issue.kind === 'schema') return `\`${name}\`: expected ${issue.expected ?? 'another type'}, found ${issue.received}`;
  return `\`${name}\`: ${issue.message}`;
}

/** The keys that a strict object takes at a path; wrappers such as optional() and lists are looked through. */
function entriesAt(schema: unknown, path: readonly unknown[]): string[] {
  const node = unwrap(schema);
  if (node === undefined) return [];
  if ('options' in node && Array.isArray(node.options)) return node.options.flatMap((option: unknown) => entriesAt(option, path));
  if (path.length === 0) return 'entries' in node && typeof node.entries === 'object' && node.entries ? Object.keys(node.entries) : [];
  const [head, ...rest] = path;
  if ('entries' in node && typeof node.entries === 'object' && node.entries) {
    return entriesAt((node.entries as Record<string, unknown>)[String(head)], rest);
  }
  if ('item' in node) return entriesAt(node.item, rest);
  if ('value' in node) return entriesAt(node.value, rest);
  return [];
}

function unwrap(schema: unknown): object | undefined {
  let node = schema;
  while (typeof node === 'object' && node !== null) {
    if ('wrapped' in node) node = node.wrapped;
    else if ('pipe' in node && Array.isArray(node.pipe) && node.pipe[0] !== node) node = node.pipe[0];
    else return node;
  }
  return undefined;
}

/** The nearest known word within two edits, for "did you mean". */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.min(2, Math.ceil(word.length / 3)) && (best === undefined || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word;
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
