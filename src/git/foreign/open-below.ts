import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode, isMissing } from '../../state/atomic.ts';

/**
 * Opens a file or folder below a folder that somebody else writes meanwhile: step by step through handles, no link is followed.
 * `undefined`: there is none, or a link, a device or a pipe stands there. Needs Linux's /proc.
 */
export async function openBelow(folder: FileHandle, names: readonly string[], kind: 'file' | 'folder'): Promise<FileHandle | undefined> {
  let at = folder;
  try {
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const next = await open(through(at, name), isLast && kind === 'file' ? fileFlags : folderFlags);
      if (at !== folder) await at.close();
      at = next;
    }
    if (kind === 'folder' || (await at.stat()).isFile()) return at;
  } catch (error) {
    if (!isMissing(error) && errorCode(error) !== 'ELOOP' && errorCode(error) !== 'ENXIO') throw error;
  }
  if (at !== folder) await at.close();
  return undefined;
}

/** A name in an open folder, as a path. */
export function through(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const folderFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY;

/** A small file's text; `undefined` also where it is longer. */
export async function readBelow(folder: FileHandle, names: readonly string[], maximumBytes: number): Promise<string | undefined> {
  const handle = await openBelow(folder, names, 'file');
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maximumBytes) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
