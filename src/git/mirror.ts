import { createHash } from 'node:crypto';
import { readdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../host/process.ts';
import { releaseLocks, takeLocks } from '../operations/locks.ts';
import type { App } from '../operations/model.ts';
import { makeDirectory } from '../state/atomic.ts';
import { isThere } from '../state/is-there.ts';
import { mirrorsDir } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { gitArgv, gitEnv } from './command.ts';
import { cloneError } from './seed.ts';

/** Long enough for a large repository over a slow line. */
const patienceMs = 60 * 60_000;

/**
 * A bare copy of a repository that is reached by its address, in the cache: made at first use, brought up to date unless `isEnough`.
 * Gives its folder. One at a time works on it; what a killed one left half-made is removed. Throws E_CLONE, E_DISK_FULL, E_BUSY.
 */
export async function mirror(app: App, address: string, isEnough: (folder: string) => Promise<boolean>): Promise<string> {
  const name = nameOf(address);
  const folder = join(mirrorsDir(app.paths), name);
  if ((await isThere(folder, stat)) && (await isEnough(folder))) return folder;
  const locks = await takeLocks(app, [`mirror/${name}`], 'mirror', `fetch ${name}`, patienceMs);
  try {
    await removeHalfMade(folder);
    if (await isThere(folder, stat)) await fetchInto(app, address, folder);
    else await cloneInto(app, address, folder);
    return folder;
  } finally {
    await releaseLocks(locks);
  }
}

function nameOf(address: string): string {
  const digits = createHash('sha256').update(address).digest('hex').slice(0, 12);
  const plain = basename(address.replace(/\/+$/, '').replace(/^.*:/, ''))
    .replace(/\.git$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 40);
  return `${plain}-${digits}.git`;
}

async function cloneInto(app: App, address: string, folder: string): Promise<void> {
  const partial = `${folder}.partial-${process.pid}`;
  await makeDirectory(mirrorsDir(app.paths), 0o700);
  try {
    await git(app, address, 'clone', '--mirror', '--progress', '--no-hardlinks', '--template=', '--', address, partial);
    await rename(partial, folder);
  } finally {
    await removeTree(partial);
  }
}

function fetchInto(app: App, address: string, folder: string): Promise<void> {
  return git(app, address, `--git-dir=${folder}`, 'fetch', '--progress', '--prune', '--force', '--no-recurse-submodules', '--', address, '+refs/*:refs/*');
}

async function git(app: App, address: string, ...args: readonly string[]): Promise<void> {
  const said: string[] = [];
  const end = await run(gitArgv('-c', 'gc.autoDetach=false', ...args), {
    env: gitEnv(app.env),
    signal: app.signal,
    onStderr: (chunk) => {
      const text = chunk.toString('utf8');
      said.push(text);
      const last = text
        .split(/[\r\n]+/)
        .filter((line) => line !== '')
        .at(-1);
      if (last !== undefined) app.out.progress(last);
    },
  });
  if (end.exitCode === 0) return;
  app.signal.throwIfAborted();
  throw cloneError({ branch: undefined, workspace: mirrorsDir(app.paths) }, address, said.join(''));
}

/** A git whose parent was killed may still write there; what it makes has no name that anybody looks for. */
async function removeHalfMade(folder: string): Promise<void> {
  const names = await readdir(join(folder, '..')).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(`${basename(folder)}.partial`))) await removeTree(join(folder, '..', name));
}
