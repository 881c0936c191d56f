import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SlipwayError } from '../errors.ts';

export interface WriteOptions {
  /** Default 0o644, cut by the umask. */
  readonly mode?: number;
}

/** Temporary file, fsync, rename, fsync of the directory: a reader sees the old text or the new one, also after a power cut. */
export async function writeFileAtomic(file: string, text: string, options: WriteOptions = {}): Promise<void> {
  const temporary = `${file}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
  try {
    await makeDirectory(dirname(file));
    const handle = await open(temporary, 'wx', options.mode ?? 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(dirname(file));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw stateError('write', file, cause);
  }
}

/** With its parents. Node calls a full disk ENOENT then: they are made one by one, which tells the truth. */
export async function makeDirectory(directory: string, mode?: number): Promise<void> {
  const options = mode === undefined ? {} : { mode };
  try {
    mkdirSync(directory, { recursive: true, ...options });
  } catch (error) {
    const parent = dirname(directory);
    if (errorCode(error) !== 'ENOENT' || parent === directory) throw error;
    await makeDirectory(parent, mode);
    try {
      mkdirSync(directory, options);
    } catch (cause) {
      // Somebody else made it meanwhile.
      if (errorCode(cause) !== 'EEXIST') throw cause;
    }
  }
}

/** `undefined` where there is no such file; a directory in its place or one that cannot be read is an error. Files of state are small: the thread pool's four turns take longer than reading one. */
export async function readFileIfAny(file: string): Promise<string | undefined> {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', file, cause);
  }
}

/** Also where it is empty or missing: what is appended then begins a line. */
export async function endsWithNewline(file: string): Promise<boolean> {
  try {
    const handle = openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      if (size === 0) return true;
      const last = Buffer.alloc(1);
      readSync(handle, last, 0, 1, size - 1);
      return last[0] === 0x0a;
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    if (isMissing(cause)) return true;
    throw stateError('read', file, cause);
  }
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A file system's refusal as a person's message: full disk and missing rights are told apart. */
export function stateError(doing: 'read' | 'write' | 'remove', path: string, cause: unknown): SlipwayError {
  if (cause instanceof SlipwayError) return cause;
  const code = errorCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SlipwayError('E_DISK_FULL', `No space left to ${doing} ${path}.`, {
      cause,
      hint: 'Free some space (`slipway image prune` removes images that nothing uses) and run the command again.',
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SlipwayError('E_STATE_PERMISSION', `Cannot ${doing} ${path}: permission denied.`, {
      cause,
      hint: 'Check who owns the file, or set SLIPWAY_STATE_DIR and SLIPWAY_CONFIG_DIR to folders of your own.',
    });
  }
  return new SlipwayError('E_STATE', `Cannot ${doing} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
    hint: 'Look at the file and its folder; nothing was changed.',
  });
}
