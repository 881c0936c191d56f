import { mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, stateError } from '../../state/atomic.ts';
import type { Paths } from '../../state/paths.ts';
import { readTree, type TreeFile, treeHash } from './tree.ts';

/** Trees of `.slipway/` that were trusted and used, by their hashes. */
const snapshotsDir = (paths: Paths) => join(paths.cache, 'pipelines');

/** Long after any run that may still need it. */
const keptMs = 30 * 24 * 3_600_000;

/**
 * A folder that holds exactly this tree as its `.slipway/`, for code to be loaded from: what a job writes into the workspace
 * changes nothing in it, and what was trusted is what runs.
 */
export async function writeSnapshot(paths: Paths, hash: string, files: readonly TreeFile[]): Promise<string> {
  const known = await snapshotIfAny(paths, hash);
  if (known !== undefined) return known;
  const folder = join(snapshotsDir(paths), hash);
  const temporary = `${folder}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    for (const file of files) await writeTreeFile(temporary, file);
    await removeOld(paths);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return folder;
  } catch (cause) {
    // Another process wrote the same tree meanwhile.
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(cause) ?? '')) return folder;
    throw stateError('write', folder, cause);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The snapshot of a hash, where it is there and still what it was. */
export async function snapshotIfAny(paths: Paths, hash: string): Promise<string | undefined> {
  const folder = join(snapshotsDir(paths), hash);
  try {
    if (treeHash(await readTree(folder)) !== hash) return undefined;
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  } catch {
    return undefined;
  }
}

async function writeTreeFile(folder: string, { path, mode, bytes }: TreeFile): Promise<void> {
  const file = Buffer.concat([Buffer.from(`${join(folder, '.slipway')}/`), path]);
  await mkdir(file.subarray(0, file.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  if (mode === '120000') await symlink(bytes, file);
  else await writeFile(file, bytes, { mode: mode === '100755' ? 0o700 : 0o600 });
}

async function removeOld(paths: Paths): Promise<void> {
  for (const name of await readdir(snapshotsDir(paths))) {
    const folder = join(snapshotsDir(paths), name);
    const age =
      Date.now() -
      (await stat(folder).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      ));
    if (age > keptMs) await rm(folder, { recursive: true, force: true });
  }
}
