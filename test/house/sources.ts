import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  /** From the repository's root, such as `src/tasks/plan.ts`. */
  readonly path: string;
  readonly text: string;
}

/** The files below a folder whose names end so; what is installed or built is not ours. */
export function sourcesIn(folder: string, endings: readonly string[]): readonly Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(?:node_modules|dist|results)\//.test(path))
    .sort()
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Files of the repository that a file imports, statically, dynamically or as types; what a comment names is no import. */
export function importsOf({ path, text }: Source): readonly string[] {
  const code = text.replace(/^\s*(?:\*|\/\*|\/\/).*$/gm, '');
  const specifiers = [...code.matchAll(/\bfrom\s*'(\.[^']+)'|\bimport\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? match[2] ?? '');
  return specifiers.map((specifier) => relative(root, resolve(root, dirname(path), specifier)));
}
