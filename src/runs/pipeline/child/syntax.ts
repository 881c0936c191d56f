import type { PlaceTree, ScriptPlace } from '../protocol.ts';

/** A node of Babel's syntax tree, as far as it is looked at: every node has a type and a place, everything else is looked for. */
export interface SyntaxNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } } | null;
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

export function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [];
}

/** Every node below one, itself first. */
export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [field, value] of Object.entries(node)) {
    if (field === 'loc' || field.endsWith('Comments')) continue;
    for (const child of nodesOf(value)) yield* walk(child);
  }
}

export function placeOf(node: SyntaxNode, file: string): ScriptPlace {
  return { file, line: node.loc?.start.line ?? 1, column: (node.loc?.start.column ?? 0) + 1 };
}

/** The text of a literal, or of a template without values. */
export function literalText(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'StringLiteral' && typeof node['value'] === 'string') return node['value'];
  const [only, ...more] = nodesOf(node['quasis']);
  if (node.type !== 'TemplateLiteral' || only === undefined || more.length > 0) return undefined;
  const { value } = only as { readonly value?: { readonly cooked?: unknown } };
  return typeof value?.cooked === 'string' ? value.cooked : undefined;
}

/** Where the parts of an object or a list stand that is written out. */
export function placeTree(written: SyntaxNode, file: string): PlaceTree {
  const node = withoutTypes(written);
  const at = placeOf(node, file);
  if (node.type === 'ArrayExpression' && Array.isArray(node['elements'])) {
    return { at, items: node['elements'].map((item: unknown) => (isNode(item) && item.type !== 'SpreadElement' ? placeTree(item, file) : null)) };
  }
  if (node.type !== 'ObjectExpression') return { at };
  const keys = nodesOf(node['properties']).flatMap((property) => {
    const name = property['computed'] === true ? undefined : keyName(property['key']);
    const value = property.type === 'ObjectMethod' ? property : property['value'];
    return name === undefined || !isNode(property['key']) || !isNode(value)
      ? []
      : [[name, { at: placeOf(property['key'], file), value: placeTree(value, file) }] as const];
  });
  return { at, keys: Object.fromEntries(keys) };
}

function keyName(key: unknown): string | undefined {
  if (!isNode(key)) return undefined;
  if (key.type === 'Identifier' && typeof key['name'] === 'string') return key['name'];
  return key.type === 'NumericLiteral' ? String(key['value']) : literalText(key);
}

/** `{ … } as const`, `{ … } satisfies X`, `({ … })`. */
function withoutTypes(node: SyntaxNode): SyntaxNode {
  const inner = node['expression'];
  return ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'ParenthesizedExpression'].includes(node.type) && isNode(inner)
    ? withoutTypes(inner)
    : node;
}
