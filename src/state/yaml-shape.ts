/** A list where the schema takes a map. Valibot takes any object for a map, a list too, and an empty one for an empty map. */
export interface ListForMap {
  readonly path: readonly unknown[];
  /** The schema there. */
  readonly schema: object;
}

export function listsForMaps(schema: unknown, value: unknown, path: readonly unknown[] = []): readonly ListForMap[] {
  const node = unwrapSchema(schema);
  if (node === undefined || typeof value !== 'object' || value === null) return [];
  const options = 'options' in node && Array.isArray(node.options) ? (node.options as readonly unknown[]).map(unwrapSchema) : [node];
  if (Array.isArray(value)) {
    const item = options.find((option) => option !== undefined && 'item' in option);
    if (item && 'item' in item) return value.flatMap((element, index) => listsForMaps(item.item, element, [...path, index]));
    return options.some((option) => option !== undefined && ('entries' in option || 'value' in option)) ? [{ path, schema: node }] : [];
  }
  const map = options.find((option) => option !== undefined && ('entries' in option || 'value' in option));
  if (map === undefined) return [];
  return Object.entries(value).flatMap(([key, element]) => {
    const inner: unknown = 'entries' in map ? Object.entries(map.entries ?? {}).find(([name]) => name === key)?.[1] : 'value' in map ? map.value : undefined;
    return listsForMaps(inner, element, [...path, key]);
  });
}

/** What optional(), nullable() and pipe() stand around. */
export function unwrapSchema(schema: unknown): object | undefined {
  let node = schema;
  while (typeof node === 'object' && node !== null) {
    if ('wrapped' in node) node = node.wrapped;
    else if ('pipe' in node && Array.isArray(node.pipe) && node.pipe[0] !== node) node = node.pipe[0];
    else return node;
  }
  return undefined;
}
