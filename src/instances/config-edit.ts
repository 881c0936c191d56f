import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'yaml';

type Content = Readonly<Record<string, unknown>>;
type Key = string | number;

/** Changes only what differs, so that a person's comments, order and spelling stay. */
export async function editYaml(text: string, from: Content, to: Content): Promise<string> {
  if (isDeepStrictEqual(from, to)) return text;
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  editMap(document, [], from, to);
  return document.toString({ lineWidth: 0 });
}

function editMap(document: Document, path: readonly Key[], from: Content, to: Content): void {
  for (const key of Object.keys(from)) {
    if (!(key in to)) document.deleteIn([...path, key]);
  }
  for (const [key, value] of Object.entries(to)) edit(document, [...path, key], from[key], value);
}

function edit(document: Document, path: readonly Key[], from: unknown, to: unknown): void {
  if (isDeepStrictEqual(from, to)) return;
  const there = document.hasIn(path);
  if (there && isMap(from) && isMap(to)) editMap(document, path, from, to);
  else if (!there || !Array.isArray(from) || !Array.isArray(to) || !editList(document, path, from, to)) document.setIn(path, nodeOf(document, to));
}

/** A text or a number is put into the node that is there, with its comment. */
const nodeOf = (document: Document, value: unknown): unknown => (typeof value === 'object' ? document.createNode(value) : value);

/** What goes is taken out and what comes is put behind; a list in another order is written anew. */
function editList(document: Document, path: readonly Key[], from: readonly unknown[], to: readonly unknown[]): boolean {
  const kept = from.filter((one) => to.some((other) => isDeepStrictEqual(one, other)));
  const added = to.slice(kept.length);
  if (!isDeepStrictEqual([...kept, ...added], to)) return false;
  for (const [index, one] of [...from.entries()].reverse()) if (!kept.includes(one)) document.deleteIn([...path, index]);
  for (const one of added) document.addIn(path, nodeOf(document, one));
  return true;
}

function isMap(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
