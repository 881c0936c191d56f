import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { fromParent } from './dockerfile.ts';
import type { RenderedLayer } from './model.ts';

/** Writes a layer's Dockerfile and context as a directory, in place of an earlier one of ours. `note`: comment lines on top. */
export async function writeContext(directory: string, rendered: RenderedLayer, note: readonly string[] = []): Promise<void> {
  await checkOurs(directory);
  const temporary = `${directory}.${process.pid}.tmp`;
  try {
    await rm(temporary, { recursive: true, force: true });
    const head = note.map((line) => `# ${line}\n`).join('');
    await writeInto(temporary, 'Dockerfile', `${head}${rendered.dockerfile}`, 0o644);
    for (const { path, content, mode } of rendered.files) await writeInto(temporary, path, content, mode);
    await rm(directory, { recursive: true, force: true });
    await rename(temporary, directory);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw stateError('write', directory, cause);
  }
}

async function writeInto(root: string, path: string, content: string, mode: number): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  // The modes go into the image: a person's umask must not.
  await chmod(file, mode);
  await chmod(dirname(file), 0o755);
}

/** `--out` may name any folder: one that Slipway did not write is left alone. */
async function checkOurs(directory: string): Promise<void> {
  let dockerfile: string;
  try {
    dockerfile = await readFile(join(directory, 'Dockerfile'), 'utf8');
  } catch (cause) {
    if (!isMissing(cause)) throw stateError('read', directory, cause);
    dockerfile = (await mkdir(directory, { recursive: true }).catch(() => undefined)) === undefined && (await hasFiles(directory)) ? '' : fromParent;
  }
  if (dockerfile.includes(fromParent)) return;
  throw new SlipwayError('E_NOT_OURS', `${directory} holds files that Slipway did not write.`, { hint: 'Choose an empty folder with --out.' });
}

async function hasFiles(directory: string): Promise<boolean> {
  const { readdir } = await import('node:fs/promises');
  return (await readdir(directory).catch(() => ['?'])).length > 0;
}
