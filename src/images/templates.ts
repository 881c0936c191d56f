import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { templatesDir } from '../agents/templates.ts';
import type { ContextFile } from './model.ts';

/** Scripts that set a layer up, by file name. */
export async function readSetupScripts(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await readTemplates('dockerfiles')).map(({ path, content }) => [path, content]));
}

/** Scripts that every container of Slipway starts with. */
export function readEntryScripts(): Promise<readonly ContextFile[]> {
  return readTemplates('container');
}

async function readTemplates(name: string): Promise<readonly ContextFile[]> {
  const directory = join(templatesDir(), name);
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sh')).sort();
  return Promise.all(files.map(async (path) => ({ path, mode: 0o755, content: await readFile(join(directory, path), 'utf8') })));
}
