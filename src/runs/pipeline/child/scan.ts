import type { PlaceTree, ScriptPlace } from '../protocol.ts';
import { isNode, literalText, nodesOf, placeOf, placeTree, type SyntaxNode, walk } from './syntax.ts';

export interface Import {
  /** `undefined`: it is only known when the code runs. */
  readonly specifier: string | undefined;
  readonly at: ScriptPlace;
}

/** A call of `job` or `pipeline`. */
export interface BuilderCall {
  readonly at: ScriptPlace;
  /** The job's name, where it is written out. */
  readonly name: string | undefined;
  readonly settings: PlaceTree | undefined;
}

export interface Scanned {
  readonly imports: readonly Import[];
  readonly calls: readonly BuilderCall[];
}

/** What a file imports, and where it calls the builder. Types are gone when it runs, and so are their imports. */
export function scan(program: SyntaxNode, file: string): Scanned {
  const nodes = [...walk(program)];
  const builders = builderNames(nodes);
  return {
    imports: nodes.flatMap((node) => importsOf(node).map((source) => ({ specifier: literalText(source), at: placeOf(isNode(source) ? source : node, file) }))),
    calls: nodes.flatMap((node) => {
      const called = node.type === 'CallExpression' ? builders(node['callee']) : undefined;
      if (called === undefined) return [];
      const [first, second] = nodesOf(node['arguments']);
      const settings = called === 'pipeline' ? first : second;
      return [{ at: placeOf(node, file), name: called === 'job' ? literalText(first) : undefined, settings: settings && placeTree(settings, file) }];
    }),
  };
}

/** The sources of a node that loads another file; a list of one that may be anything. */
function importsOf(node: SyntaxNode): readonly unknown[] {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return isNode(node['source']) && !isOnlyTypes(node) ? [node['source']] : [];
    case 'ImportExpression':
      return [node['source']];
    case 'CallExpression': {
      const { callee } = node;
      const loads = isNode(callee) && (callee.type === 'Import' || (callee.type === 'Identifier' && callee['name'] === 'require'));
      return loads ? [nodesOf(node['arguments'])[0]] : [];
    }
    case 'TSImportEqualsDeclaration': {
      const { moduleReference } = node;
      return node['importKind'] !== 'type' && isNode(moduleReference) && moduleReference.type === 'TSExternalModuleReference'
        ? [moduleReference['expression']]
        : [];
    }
    default:
      return [];
  }
}

function isOnlyTypes(node: SyntaxNode): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const specifiers = nodesOf(node['specifiers']);
  return specifiers.length > 0 && specifiers.every((one) => one['importKind'] === 'type' || one['exportKind'] === 'type');
}

/** What a file calls the two functions of `slipway`. */
function builderNames(nodes: readonly SyntaxNode[]): (callee: unknown) => 'job' | 'pipeline' | undefined {
  const local = new Map<string, string>();
  const spaces = new Set<string>();
  for (const node of nodes) {
    if (node.type !== 'ImportDeclaration' || literalText(node['source']) !== 'slipway') continue;
    for (const specifier of nodesOf(node['specifiers'])) {
      const name = nameOf(specifier['local']);
      const imported = nameOf(specifier['imported']);
      if (name !== undefined && imported !== undefined) local.set(name, imported);
      else if (name !== undefined) spaces.add(name);
    }
  }
  return (callee) => {
    if (!isNode(callee)) return undefined;
    const name =
      callee.type === 'MemberExpression' && spaces.has(nameOf(callee['object']) ?? '') ? nameOf(callee['property']) : local.get(nameOf(callee) ?? '');
    return name === 'job' || name === 'pipeline' ? name : undefined;
  };
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
}
