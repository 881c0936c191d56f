import { isMap, isScalar, isSeq } from 'yaml';

interface DuplicateKey {
  readonly offset: number;
  readonly firstOffset: number;
  readonly message: string;
}

/**
 * Takes keys out that stand in one map for the second time, and tells of each what it is. The parser would call them all the
 * same, and what is told of the first would be the second's value.
 */
export function takeDuplicateKeys(node: unknown, path: readonly string[] = []): readonly DuplicateKey[] {
  if (isSeq(node)) return node.items.flatMap((item, index) => takeDuplicateKeys(item, [...path, String(index)]));
  if (!isMap(node)) return [];
  const first = new Map<string, number>();
  const found: DuplicateKey[] = [];
  node.items = node.items.filter(({ key, value }) => {
    const text = keyText(key);
    const offset = (isScalar(key) ? key.range?.[0] : undefined) ?? 0;
    const firstOffset = first.get(text);
    if (firstOffset !== undefined) {
      found.push({ offset, firstOffset, message: called(text, path) });
      return false;
    }
    first.set(text, offset);
    found.push(...takeDuplicateKeys(value, [...path, text]));
    return true;
  });
  return found;
}

function called(key: string, path: readonly string[]): string {
  if (path.length === 1 && path[0] === 'jobs') return `duplicate job \`${key}\``;
  if (path.length === 3 && path[0] === 'jobs' && path[2] === 'services') return `two definitions of the service \`${key}\``;
  return `\`${[...path, key].join('.')}\` stands here for the second time`;
}

/** As `toJS` makes it a key of an object. */
export function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}
