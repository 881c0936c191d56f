import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, type FileHandle, lstat, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { errorCode, isMissing } from './atomic.ts';
import { mountPointsUnder } from './mount-points.ts';

export interface RemoveOptions {
  readonly signal?: AbortSignal;
}

/**
 * Removes a file or a whole tree that others may have written, also while they still write. Links are removed, never
 * followed: every directory is held by its handle, and what is in it is named through that handle. Read-only directories
 * are made writable. A path that does not exist is fine.
 *
 * Throws E_REMOVE_MOUNT, before anything is removed, where something is mounted in it. What cannot be removed does not keep
 * the rest: then E_REMOVE_FOREIGN (files of other owners, as a container's root leaves them) or E_REMOVE names the paths.
 */
export async function removeTree(path: string, options: RemoveOptions = {}): Promise<void> {
  if (!isAbsolute(path) || normalize(path) === '/') throw new TypeError(`not a tree to remove: ${path}`);
  const top = await lstat(path).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined;
    throw failure(path, [{ path, cause, uid: undefined }]);
  });
  if (top === undefined) return;
  const mounts = await mountPointsUnder(path);
  if (mounts[0] !== undefined) throw mounted(path, mounts[0]);
  const removal: Removal = { device: top.dev, failures: [], hoisted: [], root: undefined, signal: options.signal };
  const trimmed = path.replace(/\/+$/, '');
  await removeEntry(removal, Buffer.from(trimmed), Buffer.from(trimmed), 0);
  if (removal.failures.length > 0) throw failure(path, removal.failures);
}

interface Failure {
  readonly path: string;
  readonly cause: unknown;
  readonly uid: number | undefined;
}

interface Removal {
  readonly device: number;
  readonly failures: Failure[];
  /** Directories moved up to the root of the tree, because they stood too deep. */
  readonly hoisted: Buffer[];
  root: Buffer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One open handle for each level: what is deeper is moved up first, so that no depth meets the limit of open files. */
const maximumDepth = 64;
const atATime = 32;
/** Linux's O_PATH: a handle to a directory that may not be read. Node has no name for it. */
const pathOnly = 0x20_0000;
const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const handlesHavePaths = existsSync('/proc/self/fd');

/** `at` is how the entry is reached, `shown` how a person would name it. */
async function removeEntry(removal: Removal, at: Buffer, shown: Buffer, depth: number): Promise<void> {
  removal.signal?.throwIfAborted();
  try {
    const stats = await lstat(at);
    if (!stats.isDirectory()) return await unlink(at);
    if (stats.dev !== removal.device) throw mounted(shown.toString(), shown.toString());
    await removeDirectory(removal, at, shown, depth);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return;
    if (removal.signal?.aborted) throw cause;
    const owner = await lstat(at).catch(() => undefined);
    removal.failures.push({ path: shown.toString(), cause, uid: owner?.uid });
  }
}

async function removeDirectory(removal: Removal, at: Buffer, shown: Buffer, depth: number): Promise<void> {
  const handle = await openDirectory(at);
  try {
    const inside = handlesHavePaths ? Buffer.from(`/proc/self/fd/${handle.fd}`) : at;
    const isRoot = removal.root === undefined;
    removal.root ??= inside;
    // Somebody may still be writing: a directory that is not empty yet is looked at again.
    for (let round = 1; ; round++) {
      const failures = removal.failures.length;
      await removeContent(removal, inside, shown, depth);
      if (isRoot) await removeHoisted(removal, inside, shown);
      if (removal.failures.length > failures) return;
      try {
        return await rmdir(at);
      } catch (error) {
        if (round >= 5 || (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST')) throw error;
      }
    }
  } finally {
    await handle.close();
  }
}

async function removeContent(removal: Removal, inside: Buffer, shown: Buffer, depth: number): Promise<void> {
  const names = await readdir(inside, { encoding: 'buffer' });
  const directories: Buffer[] = [];
  for (let first = 0; first < names.length; first += atATime) {
    removal.signal?.throwIfAborted();
    await Promise.all(
      names.slice(first, first + atATime).map(async (name) => {
        // Most are files. A directory refuses with EISDIR (Linux) or EPERM (others, and for files that may not be removed).
        await unlink(join(inside, name)).catch((error: unknown) => {
          if (errorCode(error) !== 'ENOENT') directories.push(name);
        });
      }),
    );
  }
  for (const name of directories) {
    if (depth >= maximumDepth && (await hoist(removal, join(inside, name)))) continue;
    await removeEntry(removal, join(inside, name), join(shown, name), depth + 1);
  }
}

async function hoist(removal: Removal, at: Buffer): Promise<boolean> {
  if (!handlesHavePaths || removal.root === undefined) return false;
  const name = Buffer.from(`.removing-${randomBytes(8).toString('hex')}`);
  try {
    if (!(await lstat(at)).isDirectory()) return false;
    // To move a directory is to write its "..".
    await (await openDirectory(at)).close();
    await rename(at, join(removal.root, name));
    removal.hoisted.push(name);
    return true;
  } catch {
    return false;
  }
}

async function removeHoisted(removal: Removal, root: Buffer, shown: Buffer): Promise<void> {
  for (let name = removal.hoisted.pop(); name !== undefined; name = removal.hoisted.pop()) {
    await removeEntry(removal, join(root, name), join(shown, name), 1);
  }
}

/** A directory that its owner may not read, write or enter gets those rights first. */
async function openDirectory(at: Buffer): Promise<FileHandle> {
  const mine = process.getuid?.();
  if (mine !== 0) {
    const stats = await lstat(at);
    if (stats.isDirectory() && stats.uid === mine && (stats.mode & 0o700) !== 0o700) await addOwnRights(at, stats.mode);
  }
  return open(at, directoryOnly);
}

async function addOwnRights(at: Buffer, mode: number): Promise<void> {
  const rights = (mode & 0o7777) | 0o700;
  if (!handlesHavePaths) return chmod(at, rights);
  // chmod follows links; through a handle that was opened without following, it cannot.
  const handle = await open(at, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await chmod(`/proc/self/fd/${handle.fd}`, rights);
  } finally {
    await handle.close();
  }
}

/** Names are bytes: a file's name need not be UTF-8. */
function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), name]);
}

function mounted(path: string, point: string): SlipwayError {
  return new SlipwayError('E_REMOVE_MOUNT', `Cannot remove ${path}: something is mounted at ${point}.`, {
    hint: `Unmount it (\`umount ${point}\`) and run the command again.`,
  });
}

function failure(path: string, failures: readonly Failure[]): SlipwayError {
  const detail = failures
    .slice(0, 10)
    .map((one) => `  ${one.path}: ${one.cause instanceof Error ? reason(one.cause) : String(one.cause)}${one.uid === undefined ? '' : ` (owner ${one.uid})`}`);
  if (failures.length > 10) detail.push(`  … and ${failures.length - 10} more`);
  const [first] = failures;
  const facts = { detail: detail.join('\n'), cause: first?.cause };
  const mine = process.getuid?.();
  const denied = failures.filter(({ cause }) => ['EACCES', 'EPERM'].includes(errorCode(cause) ?? ''));
  if (denied.length > 0 && mine !== 0) {
    return new SlipwayError('E_REMOVE_FOREIGN', `Cannot remove ${denied[0]?.path ?? path}: it, or its folder, belongs to another user.`, {
      ...facts,
      hint: `A container's root made it. \`podman unshare rm -rf ${path}\` removes it with rootless Podman, \`sudo rm -rf ${path}\` with other engines; then run the command again.`,
    });
  }
  if (first?.cause instanceof SlipwayError) return first.cause;
  return new SlipwayError('E_REMOVE', `Cannot remove ${first?.path ?? path}.`, {
    ...facts,
    hint: 'Look at the paths (a file system that is read-only, a file marked immutable?) and run the command again.',
  });
}

function reason(error: Error): string {
  return errorCode(error) ?? error.message;
}
