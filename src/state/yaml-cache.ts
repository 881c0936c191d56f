import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BaseIssue, BaseSchema, InferOutput } from 'valibot';
import { version } from '../version.ts';
import type { Paths } from './paths.ts';
import { parseYaml, readYamlText } from './yaml.ts';

interface Entry {
  readonly by: string;
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
}

/**
 * Reads people's YAML as readYaml does, but parses and checks a text only once. `name` is the entry's; the schema is loaded when it
 * is needed.
 */
export async function readYamlCached<S extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
  paths: Paths,
  name: string,
  file: string,
  schema: () => Promise<S>,
): Promise<InferOutput<S> | undefined> {
  const text = await readYamlText(file);
  return text === undefined ? undefined : parseOnce(paths, name, file, text, async () => parseYaml(file, text, await schema()));
}

/**
 * What a text was parsed to, kept beside it in the cache: most commands read the same few files, and loading a YAML parser takes
 * longer than all else they do. What is parsed to has to be JSON. A text that cannot be parsed is not kept.
 */
export async function parseOnce<T>(paths: Paths, name: string, file: string, text: string, parse: () => Promise<T>): Promise<T> {
  const entry = join(paths.cache, 'parsed', `${name}.json`);
  const known = readEntry(entry);
  // The text itself is compared: times and sizes of files can lie.
  if (known?.by === writer() && known.file === file && known.text === text) return known.value as T;
  const value = await parse();
  await writeEntry(entry, { by: writer(), file, text, value });
  return value;
}

/** An entry is only good for the build that wrote it: another one's schemas may give another shape. */
function writer(): string {
  try {
    return `${version} ${statSync(import.meta.filename).mtimeMs}`;
  } catch {
    return version;
  }
}

function readEntry(file: string): Entry | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry | undefined;
  } catch {
    return undefined;
  }
}

/** Without a cache (a full disk, a folder that may not be written) everything works as well. */
async function writeEntry(file: string, entry: Entry): Promise<void> {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, JSON.stringify(entry), { mode: 0o600 });
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
