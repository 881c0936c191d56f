import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
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

  /** Makes a file that is not there yet. */
  write(name: string, content: string | Buffer): void {
    try {
      const file = openSync(join(this.path, name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, this.fileMode);
      try {
        // The umask would take from it what the container's user needs.
        fchmodSync(file, this.fileMode);
        writeFileSync(file, content);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw stateError('write', join(this.name, name), cause);
    }
  }

  /** Makes a file longer. One that is not there any more was taken away by what runs there. */
  append(name: string, content: string): void {
    const file = this.open(name, constants.O_WRONLY | constants.O_APPEND);
    if (file === undefined) return;
    try {
      appendFileSync(file, content);
    } catch (cause) {
      throw stateError('write', join(this.name, name), cause);
    } finally {
      closeSync(file);
    }
  }

  /** A descriptor, for the caller to close. `undefined`: no such file, or something else in its place. */
  open(name: string, flags = constants.O_RDONLY): number | undefined {
    try {
      const file = openSync(join(this.path, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      if (fstatSync(file).isFile()) return file;
      closeSync(file);
      return undefined;
    } catch (cause) {
      if (isForeign(cause)) return undefined;
      throw stateError('read', join(this.name, name), cause);
    }
  }

  remove(...names: readonly string[]): void {
    for (const name of names) {
      try {
        unlinkSync(join(this.path, name));
      } catch {
        // What cannot be removed here goes with the whole channel.
      }
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A link, a socket, a pipe without a writer, a folder, a file of somebody else: nothing that a supervisor left there. */
function isForeign(cause: unknown): boolean {
  return isMissing(cause) || ['ELOOP', 'ENXIO', 'EISDIR', 'EACCES', 'EPERM', 'ENODEV'].includes(errorCode(cause) ?? '');
}
