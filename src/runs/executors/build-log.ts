import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { stateError } from '../../state/atomic.ts';
import { type Paths, runDir } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';

/** What the engine said while a run's image was built or pulled. */
export interface BuildLog {
  write(text: string): void;
  /** Throws E_DISK_FULL and the like, where not all of it could be written. */
  close(): Promise<void>;
}

export const buildLogFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'build.log');

/** Appends to `build.log` of the record, as it comes. */
export function openBuildLog(paths: Paths, ref: RunRef): BuildLog {
  const file = buildLogFile(paths, ref);
  const stream = createWriteStream(file, { flags: 'a' });
  const end = finished(stream);
  // It is told when the log is closed; until then nobody waits for it.
  end.catch(() => {});
  return {
    write(text) {
      if (!stream.destroyed) stream.write(text);
    },
    async close() {
      stream.end();
      await end.catch((cause: unknown) => {
        throw stateError('write', file, cause);
      });
    },
  };
}
