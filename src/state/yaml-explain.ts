import type { BaseIssue } from 'valibot';
import { nearest } from './nearest.ts';
import { type ListForMap, unwrapSchema } from './yaml-shape.ts';

export interface Explained {
  readonly path: Path;
  /** Whether it is about the key there, not about its value. */
  readonly isKey: boolean;
  /** In the text, from 0. */
  readonly offset: number;
  readonly message: string;
}

type Path = readonly unknown[];

interface Document {
  getIn(path: Path, keepScalar: true): unknown;
  readonly contents: unknown;
}

/** What a schema found wrong, with the place in the text and what was expected there. */
export function explainIssues(issues: readonly BaseIssue<unknown>[], schema: unknown, document: Document): readonly Explained[] {
  const seen = new Set<string>();
  // The first rule that a value breaks tells enough of it.
  return issues
    .flatMap((issue) => explainIssue(issue, [], schema, document))
    .filter(({ path }) => !seen.has(JSON.stringify(path)) && seen.add(JSON.stringify(path)));
}

export function explainLists(lists: readonly ListForMap[], document: Document): readonly Explained[] {
  return lists.map(({ path, schema }) => {
    const expected = 'options' in schema && 'message' in schema && typeof schema.message === 'string' ? schema.message : 'a map';
    return { path, isKey: false, offset: offsetOf(document, path, false), message: `${subjectOf(path)}: expected ${expected}, found a list` };
  });
}

function subjectOf(path: Path): string {
  return path.length === 0 ? 'the file' : `\`${path.map(String).join('.')}\``;
}

function explainIssue(issue: BaseIssue<unknown>, parent: Path, schema: unknown, document: Document): readonly Explained[] {
  const path = [...parent, ...(issue.path ?? []).map((item) => item.key)];
  // A union's own message says little where one of its shapes was clearly meant: a map goes to the option that takes maps.
  const deeper = issue.type === 'union' ? (issue.issues ?? []).filter((inner) => (inner.path ?? []).length > 0) : [];
  if (deeper.length > 0) return deeper.flatMap((inner) => explainIssue(inner, path, schema, document));
  const isKey = issue.path?.at(-1)?.origin === 'key' || isUnknownKey(issue);
  return [{ path, isKey, offset: offsetOf(document, path, isKey), message: describe(issue, path, schema) }];
}

function describe(issue: BaseIssue<unknown>, path: Path, schema: unknown): string {
  const name = path.map(String).join('.');
  if (isUnknownKey(issue)) {
    const known = keysAt(schema, path.slice(0, -1));
    const near = nearest(String(path.at(-1)), known) ?? otherCase(String(path.at(-1)), known);
    return `unknown key \`${name}\`: ${near ? `did you mean \`${near}\`?` : known.length > 0 ? `known keys: ${known.join(', ')}` : 'it is not known here'}`;
  }
  const subject = subjectOf(path);
  if (isMissingKey(issue)) return `${subject} is missing: expected ${expectedOf(schema, path)}`;
  if (issue.kind === 'schema') return `${subject}: expected ${expectedHere(issue)}, found ${received(issue)}`;
  // A check of several keys is forwarded to one of them: its input is their map, the path's last item tells the value.
  const last = issue.path?.at(-1);
  const input: unknown = last === undefined || last.origin === 'key' ? issue.input : last.value;
  const found = input === null || typeof input === 'object' || String(input).length > 60 ? '' : `, found ${JSON.stringify(input)}`;
  return `${subject}: ${issue.message}${issue.message.startsWith('expected') ? found : ''}`;
}

function isUnknownKey(issue: BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

function isMissingKey(issue: BaseIssue<unknown>): boolean {
  return issue.received === 'undefined' && (issue.path ?? []).length > 0;
}

/** `defaultAgent` where `default_agent` is known. */
function otherCase(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.replace(/[_-]/g, '').toLowerCase();
  return (
    known.find((key) => plain(key) === plain(word)) ??
    known.find((key) => key.length > 3 && plain(word).length > 3 && (plain(word).startsWith(plain(key)) || plain(key).startsWith(plain(word))))
  );
}

function received(issue: BaseIssue<unknown>): string {
  if (issue.input === null) return 'nothing';
  if (Array.isArray(issue.input)) return 'a list';
  if (typeof issue.input === 'object') return 'a map';
  return issue.received.length > 80 ? `${issue.received.slice(0, 77)}…` : issue.received;
}

/** A message of the schema's own names what is expected; valibot's default begins with `Invalid`. */
function expectedHere(issue: BaseIssue<unknown>): string {
  return issue.message.startsWith('Invalid ') ? inWords(issue.expected ?? 'another value') : issue.message;
}

function expectedOf(schema: unknown, path: Path): string {
  const at = schemasAt(schema, path)[0];
  if (at && 'message' in at && typeof at.message === 'string') return at.message;
  return at && 'expects' in at && typeof at.expects === 'string' ? inWords(at.expects) : 'a value';
}

const words: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', boolean: 'true or false', Array: 'a list', Object: 'a map' };

/** `("standard" | "strict")` as `standard or strict`. */
function inWords(expects: string): string {
  const parts = expects.replace(/^\((.*)\)$/, '$1').split(' | ');
  return parts.map((part) => words[part] ?? part.replace(/^"(.*)"$/, '$1')).join(' or ');
}

/** A parser's own words, where they help; its codes are stable (`yaml`, ErrorCode). */
export function explainSyntax(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key stands here for the second time: expected each key once';
    case 'TAB_AS_INDENT':
      return 'a tab as indentation: expected blanks';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (`---`): expected one';
    case 'TAG_RESOLVE_FAILED':
      return `${message}: expected no tag`;
    default:
      return message;
  }
}

/** Where the value stands (`isKey`: its key); for a missing one its nearest parent. */
export function offsetOf(document: Document, path: Path, isKey: boolean): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = keyOffset(parent, path[length - 1]);
    if (isKey && length === path.length && key !== undefined) return key;
    const node = document.getIn(path.slice(0, length), true);
    // A key without a value: the place of the empty value is the next line's, the key's is clearer.
    if (isEmpty(node) || (length < path.length && key !== undefined)) return key ?? rangeStart(node) ?? 0;
    const offset = rangeStart(node) ?? key;
    if (offset !== undefined) return offset;
  }
  return rangeStart(document.contents) ?? 0;
}

function isEmpty(node: unknown): boolean {
  return typeof node === 'object' && node !== null && 'value' in node && node.value === null && 'source' in node && node.source === '';
}

function keyOffset(map: unknown, key: unknown): number | undefined {
  if (typeof map !== 'object' || map === null || !('items' in map) || !Array.isArray(map.items)) return undefined;
  for (const item of map.items as readonly { key?: { value?: unknown } | null }[]) {
    if (item?.key?.value !== undefined && String(item.key.value) === String(key)) return rangeStart(item.key);
  }
  return undefined;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  return typeof node.range[0] === 'number' ? node.range[0] : undefined;
}

/** The keys that strict objects take at a path. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  return schemasAt(schema, path).flatMap((node) => ('entries' in node && typeof node.entries === 'object' && node.entries ? Object.keys(node.entries) : []));
}

/** The schemas at a path; wrappers such as optional(), pipes, unions and lists are looked through. */
function schemasAt(schema: unknown, path: Path): readonly object[] {
  const node = unwrapSchema(schema);
  if (node === undefined) return [];
  if (path.length === 0 && !('options' in node && Array.isArray(node.options) && node.options.some((option) => typeof option === 'object'))) return [node];
  if ('options' in node && Array.isArray(node.options)) {
    const inside = node.options.flatMap((option: unknown) => schemasAt(option, path));
    return path.length === 0 ? [node, ...inside] : inside;
  }
  const [head, ...rest] = path;
  if ('entries' in node && typeof node.entries === 'object' && node.entries) return schemasAt((node.entries as Record<string, unknown>)[String(head)], rest);
  if ('item' in node) return schemasAt(node.item, rest);
  if ('value' in node) return schemasAt(node.value, rest);
  return [];
}
