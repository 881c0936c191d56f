import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { isMissing, stateError } from '../../state/atomic.ts';
import { type Paths, runDir } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import type { MaskStream } from '../secrets/masker.ts';

/** What the engine said while a run's image was built or pulled. */
export interface BuildLog {
  write(text: string): void;
  /** Throws E_DISK_FULL and the like, where not all of it could be written. */
  close(): Promise<void>;
}

const buildLogFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'build.log');

/** Appends to `build.log` of the record, as it comes, but for secrets. */
export function openBuildLog(paths: Paths, ref: RunRef, mask?: MaskStream): BuildLog {
  const file = buildLogFile(paths, ref);
  const stream = createWriteStream(file, { flags: 'a' });
  const end = finished(stream);
  // It is told when the log is closed; until then nobody waits for it.
  end.catch(() => {});
  return {
    write(text) {
      const bytes = Buffer.from(text);
      if (!stream.destroyed && !stream.writableEnded) stream.write(mask?.push(bytes).bytes ?? bytes);
    },
    async close() {
      if (!stream.destroyed && !stream.writableEnded) stream.end(mask?.end().bytes);
      await end.catch((cause: unknown) => {
        throw stateError('write', file, cause);
      });
    },
  };
}

/** What was written since it was last asked; nothing where there is no log yet. */
export class BuildLogReader {
  private readonly file: string;
  private position = 0;

  constructor(paths: Paths, ref: RunRef) {
    this.file = buildLogFile(paths, ref);
  }

  async next(): Promise<Buffer> {
    try {
      const handle = await open(this.file, 'r');
      try {
        const { size } = await handle.stat();
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(mostBytes, Math.max(0, size - this.position))), { position: this.position });
        this.position += bytesRead;
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (cause) {
      if (isMissing(cause)) return Buffer.alloc(0);
      throw stateError('read', this.file, cause);
    }
  }
}

const mostBytes = 1 << 20;
