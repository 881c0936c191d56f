import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isMissing, stateError } from '../../state/atomic.ts';
import type { ExecutorKind } from '../model.ts';

/**
 * A supervisor's folder in the channel. What runs in a container can put anything in the place of anything there, at any moment:
 * the folder is held open, files are reached through it and never through a link, and only plain files are read.
 */
export class Lane {
  /** Below the channel. Its random part is told to nobody but the supervisor: other users of a container cannot find it. */
  readonly name: string;
  /** As the supervisor sees it. */
  readonly inside: string;
  /** A path to the folder that is held open, whatever stands under its name by now. */
  readonly path: string;
  private readonly descriptor: number;
  private readonly fileMode: number;

  private constructor(name: string, inside: string, folder: string, kind: ExecutorKind) {
    this.name = name;
    this.inside = inside;
    this.descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    this.path = process.platform === 'linux' ? `/proc/self/fd/${this.descriptor}` : folder;
    // A container's user can be anybody. On the host it is the one who runs this.
    this.fileMode = kind === 'container' ? 0o666 : 0o600;
  }

  static create(channel: string, inside: string, prefix: string, kind: ExecutorKind): Lane {
    const name = `${prefix}.${randomBytes(8).toString('hex')}`;
    const folder = join(channel, name);
    try {
      mkdirSync(folder, { mode: 0o700 });
      const lane = new Lane(name, join(inside, name), folder, kind);
      fchmodSync(lane.descriptor, kind === 'container' ? 0o777 : 0o700);
      return lane;
    } catch (cause) {
      throw stateError('write', folder, cause);
    }
  }

  /** Names of the lanes that were made with a prefix. */
  static async names(channel: string, prefix: string): Promise<readonly string[]> {
    try {
      return (await readdir(channel)).filter((name) => name.startsWith(`${prefix}.`) && /^[0-9a-f]{16}$/.test(name.slice(prefix.length + 1)));
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw stateError('read', channel, cause);
    }
  }

  /** `undefined`: there is none of that name. */
  static find(channel: string, inside: string, name: string, kind: ExecutorKind): Lane | undefined {
    try {
      return new Lane(name, join(inside, name), join(channel, name), kind);
    } catch (cause) {
      if (isForeign(cause)) return undefined;
      throw stateError('read', join(channel, name), cause);
    }
  }

  /** Makes a file that is not there yet. A dozen small files for each job: asynchronously it would take ten times as long. */
  write(name: string, content: string | Buffer): void {
    try {
      const file = openSync(join(this.path, name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, this.fileMode);
      try {
        // The umask would take from it what the container's user needs.
        fchmodSync(file, this.fileMode);
        const bytes = Buffer.from(content);
        for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw stateError('write', join(this.name, name), cause);
    }
  }

  /** Makes a file longer. One that is not there any more was taken away by what runs there. */
  async append(name: string, content: string): Promise<void> {
    const handle = await this.open(name, constants.O_WRONLY | constants.O_APPEND);
    try {
      await handle?.appendFile(content);
    } catch (cause) {
      throw stateError('write', join(this.name, name), cause);
    } finally {
      await handle?.close();
    }
  }

  /** `undefined`: no such file, or something else in its place. */
  async open(name: string, flags = constants.O_RDONLY): Promise<FileHandle | undefined> {
    try {
      const handle = await open(join(this.path, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      if ((await handle.stat()).isFile()) return handle;
      await handle.close();
      return undefined;
    } catch (cause) {
      if (isForeign(cause)) return undefined;
      throw stateError('read', join(this.name, name), cause);
    }
  }

  async remove(...names: readonly string[]): Promise<void> {
    // What cannot be removed here goes with the whole channel.
    await Promise.all(names.map((name) => unlink(join(this.path, name)).catch(() => {})));
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A link, a socket, a pipe without a writer, a folder, a file of somebody else: nothing that a supervisor left there. */
function isForeign(cause: unknown): boolean {
  return isMissing(cause) || ['ELOOP', 'ENXIO', 'EISDIR', 'EACCES', 'EPERM', 'ENODEV'].includes(errorCode(cause) ?? '');
}
