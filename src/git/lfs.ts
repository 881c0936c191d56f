import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { errorCode, isMissing, stateError } from '../state/atomic.ts';
import { bytesBelow } from './bytes-below.ts';
import { inHome } from './in-home.ts';
import { selectEntries } from './index-entries.ts';
import type { OwnDirectory } from './own-directory.ts';
import { ask, lineOf, type Repository } from './repository.ts';
import type { GitCaller } from './run-git.ts';
import { shellWord } from './shell-word.ts';

/** What stands in a tree instead of a large file. See git-lfs's specification. */
interface Pointer {
  /** SHA-256. */
  readonly id: string;
  readonly bytes: number;
}

/** A pointer is shorter than this. */
const maximumPointer = 1024;
const anyPointer = /^version https?:\/\/(?:git-lfs\.github\.com|hawser\.github\.com|git-media\.io)\//;
const plainPointer = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?$/;

/**
 * Puts the content of LFS's files in the place of their pointers in a tree that was laid out, from what this machine has
 * of them: nothing is fetched. What is put there is what the pointer names, by size and SHA-256, or E_LFS.
 */
export async function fillLfs(repository: Repository, own: OwnDirectory, attributes: readonly Buffer[], commit: string, caller: GitCaller): Promise<void> {
  const asked = await Promise.all(attributes.map((path) => mentionsFilter(bytesBelow(own.workTree, path))));
  if (!asked.includes(true)) return;
  const listed = await own.git(['ls-files', '--stage', '-z', '--', ':(attr:filter=lfs)']);
  const files = selectEntries(listed.stdout, (mode) => mode === 100644 || mode === 100755);
  let stores: readonly string[] | undefined;
  for (const { path } of files) {
    const file = bytesBelow(own.workTree, path);
    const pointer = await readPointer(file, join(repository.top, path.toString()));
    if (pointer === undefined) continue;
    stores ??= await storesOf(repository, own, caller);
    const places = [
      ...stores.map((store) => Buffer.from(join(store, 'objects', pointer.id.slice(0, 2), pointer.id.slice(2, 4), pointer.id))),
      ...(repository.bare ? [] : [bytesBelow(repository.top, path)]),
    ];
    if (!(await fill({ file, pointer, aside: join(own.path, 'lfs-file'), signal: caller.signal }, places))) throw absent(repository, path, pointer, commit);
  }
}

async function mentionsFilter(file: Buffer): Promise<boolean> {
  const stats = await lstat(file);
  return stats.isFile() && (await readFile(file)).includes('filter');
}

/** `undefined`: the file's own content. One of LFS's extensions or forerunners would need their programs. */
async function readPointer(file: Buffer, shown: string): Promise<Pointer | undefined> {
  const { size } = await lstat(file);
  const text = size < maximumPointer ? await readFile(file, 'utf8') : '';
  if (!anyPointer.test(text)) return undefined;
  const [, id, bytes] = plainPointer.exec(text) ?? [];
  if (id !== undefined) return { id, bytes: Number(bytes) };
  throw new SlipwayError('E_LFS', `${shown} is kept by LFS in a way that only its own programs can read.`, {
    detail: text.trimEnd(),
    hint: 'Commit it without extensions, by a current git-lfs.',
  });
}

/** `lfs.storage`, else beside the objects; and the stores of the repositories that this one borrows objects from. */
async function storesOf({ commonDir, foreign }: Repository, own: OwnDirectory, caller: GitCaller): Promise<readonly string[]> {
  if (foreign) return [];
  // A submodule need not have a work tree where git could be asked: its file, then the person's.
  const set = await own.git(['config', '--file', join(commonDir, 'config'), '--includes', '--get', 'lfs.storage']);
  const usual = set.ok ? set : await ask(own.path, caller, 'config', '--global', '--get', 'lfs.storage');
  const alternates = await readFile(join(commonDir, 'objects', 'info', 'alternates'), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  return [
    usual.ok ? resolve(commonDir, inHome(lineOf(usual.stdout), caller.env)) : join(commonDir, 'lfs'),
    ...alternates
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => join(dirname(resolve(commonDir, 'objects', line)), 'lfs')),
  ];
}

interface Filling {
  readonly file: Buffer;
  readonly pointer: Pointer;
  /** On the same file system. */
  readonly aside: string;
  readonly signal: AbortSignal;
}

async function fill(filling: Filling, places: readonly Buffer[]): Promise<boolean> {
  for (const place of places) {
    const from = await openFile(place);
    if (from === undefined) continue;
    try {
      if ((await from.stat()).size === filling.pointer.bytes && (await copyVerified(from, filling))) return true;
    } finally {
      await from.close();
    }
  }
  return false;
}

async function openFile(place: Buffer): Promise<FileHandle | undefined> {
  try {
    const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ELOOP') return undefined;
    throw stateError('read', place.toString(), error);
  }
}

async function copyVerified(from: FileHandle, { file, pointer, aside, signal }: Filling): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    const to = await open(aside, 'wx', (await lstat(file)).mode & 0o777);
    try {
      for await (const chunk of from.createReadStream({ autoClose: false, highWaterMark: 1_048_576, signal })) {
        hash.update(chunk as Buffer);
        await to.writeFile(chunk as Buffer);
      }
    } finally {
      await to.close();
    }
    if (hash.digest('hex') !== pointer.id) return false;
    await rename(aside, file);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    throw stateError('write', file.toString(), error);
  } finally {
    await rm(aside, { force: true });
  }
}

function absent({ top }: Repository, path: Buffer, pointer: Pointer, commit: string): SlipwayError {
  return new SlipwayError(
    'E_LFS',
    `The content of ${join(top, path.toString())} is not on this machine: LFS object ${pointer.id.slice(0, 12)}, ${pointer.bytes} bytes.`,
    {
      hint: `\`git -C ${shellWord(top)} lfs fetch origin ${commit}\` brings what the commit needs.`,
    },
  );
}
