import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { stateError } from '../../state/atomic.ts';
import { PipelineInvalid } from './invalid.ts';

/** One file of `.slipway/`, as git would keep it. */
export interface TreeFile {
  /** Below `.slipway/`; bytes, since names need not be UTF-8. */
  readonly path: Buffer;
  readonly mode: '100644' | '100755' | '120000';
  /** Of a link: where it leads to. */
  readonly bytes: Buffer;
}

/** Code that is trusted is read as a whole: a folder that somebody put packages into is none. */
export const mostTreeBytes = 16 * 1_048_576;
const mostFiles = 2_000;

/** The files below a folder's `.slipway/`, in the order of their paths. Folders count only by what is in them. */
export async function readTree(directory: string): Promise<readonly TreeFile[]> {
  const root = Buffer.from(join(directory, '.slipway'));
  const files: TreeFile[] = [];
  let size = 0;
  const visit = async (below: Buffer): Promise<void> => {
    for (const name of await readdir(below.length === 0 ? root : slash(root, below), { encoding: 'buffer' })) {
      const path = below.length === 0 ? name : slash(below, name);
      const at = slash(root, path);
      const stats = await lstat(at);
      if (stats.isDirectory()) {
        await visit(path);
        continue;
      }
      if (!stats.isFile() && !stats.isSymbolicLink()) throw notKept(path);
      size += stats.size;
      if (size > mostTreeBytes || files.length >= mostFiles) throw tooLarge();
      if (stats.isSymbolicLink()) files.push({ path, mode: '120000', bytes: await readlink(at, { encoding: 'buffer' }) });
      else files.push({ path, mode: stats.mode & 0o100 ? '100755' : '100644', bytes: await readRegular(at) });
    }
  };
  try {
    await visit(Buffer.alloc(0));
  } catch (cause) {
    throw stateError('read', root.toString(), cause);
  }
  return inOrder(files);
}

/** SHA-256 over paths, modes and bytes, each with its length before it, so that no two trees can run into one. */
export function treeHash(files: readonly TreeFile[]): string {
  const hash = createHash('sha256').update('slipway tree 1\n');
  for (const { path, mode, bytes } of inOrder(files)) hash.update(`${mode} ${path.length} ${bytes.length}\n`).update(path).update(bytes);
  return hash.digest('hex');
}

export function inOrder(files: readonly TreeFile[]): readonly TreeFile[] {
  return [...files].sort((a, b) => Buffer.compare(a.path, b.path));
}

export function tooLarge(): PipelineInvalid {
  return new PipelineInvalid('.slipway', [
    { message: `holds more than ${mostFiles} files or ${mostTreeBytes / 1_048_576} MiB: with a ci.ts all of it is trusted, so keep other things elsewhere` },
  ]);
}

function notKept(path: Buffer): PipelineInvalid {
  return new PipelineInvalid(`.slipway/${path.toString()}`, [{ message: 'is neither a file nor a link, so no commit can hold it: remove it' }]);
}

async function readRegular(path: Buffer): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function slash(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}
