import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stateError, writeFileAtomic } from '../state/atomic.ts';

/** Enough for an outcome, the last events and the journal of the end, in blocks. */
const bytes = 96 * 1024;

const reserveFile = (record: string) => join(record, 'reserve');

/** Room that a run keeps for telling how it ended, where the disk is full by then. */
export async function makeReserve(record: string): Promise<void> {
  // File systems that compress would keep no room for zeros.
  await writeFileAtomic(reserveFile(record), randomBytes((bytes / 4) * 3).toString('base64'), { mode: 0o600 });
}

export async function freeReserve(record: string): Promise<void> {
  await rm(reserveFile(record), { force: true }).catch((cause: unknown) => {
    throw stateError('remove', reserveFile(record), cause);
  });
}
