import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { templatesDir } from '../agents/templates.ts';
import type { ContextFile } from './model.ts';

/** Scripts that set a layer up, by file name. */
export function readSetupScripts(): Readonly<Record<string, string>> {
  return Object.fromEntries(readTemplates('dockerfiles').map(({ path, content }) => [path, content]));
}

/** Scripts that every container of Slipway starts with. */
export function readEntryScripts(): readonly ContextFile[] {
  return readTemplates('container');
}

/** A dozen small files of the package: asynchronously, each status would wait for fifty turns of the thread pool. */
function readTemplates(name: string): readonly ContextFile[] {
  const directory = join(templatesDir(), name);
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.sh'))
    .sort();
  return files.map((path) => ({ path, mode: 0o755, content: readFileSync(join(directory, path), 'utf8') }));
}
