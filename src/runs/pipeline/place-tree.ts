import type { PlaceTree, ScriptPlace } from './protocol.ts';

/** Where a value stands, or its key; the nearest thing around it that is written out. */
export function placeIn(tree: PlaceTree, path: readonly (string | number)[], part: 'key' | 'value'): ScriptPlace {
  let node: PlaceTree = tree;
  for (const [index, name] of path.entries()) {
    const last = index === path.length - 1;
    const key = node.keys && Object.hasOwn(node.keys, name) ? node.keys[name] : undefined;
    if (key !== undefined && last && part === 'key') return key.at;
    const next = key?.value ?? (typeof name === 'number' ? node.items?.[name] : undefined);
    if (!next) return node.at;
    node = next;
  }
  return node.at;
}
