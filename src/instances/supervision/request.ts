import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openOperationsUnder } from '../../operations/read-journal.ts';
import { lockHolder } from '../../state/lock.ts';
import { readFileIfAny, stateError, writeFileAtomic } from '../../state/atomic.ts';
import { instanceDir, journalDir, locksDir, type Paths } from '../../state/paths.ts';

/** What an operation asks of the supervisor of a `process`, which alone starts and stops its program. */
export interface Request {
  /** The operation that has the program stopped until it asks for a start. */
  readonly hold?: string;
  /** ISO 8601: a person's wish to have it started, whatever became of it before. */
  readonly start?: string;
}

const requestFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'request.json');

export async function readRequest(paths: Paths, instance: string): Promise<Request> {
  const text = await readFileIfAny(requestFile(paths, instance));
  if (text === undefined) return {};
  try {
    const { hold, start } = JSON.parse(text) as Request;
    return { ...(typeof hold === 'string' ? { hold } : {}), ...(typeof start === 'string' ? { start } : {}) };
  } catch {
    // Slipway's own, and atomic: what cannot be read is nobody's request.
    return {};
  }
}

export async function writeRequest(paths: Paths, instance: string, request: Request): Promise<void> {
  await writeFileAtomic(requestFile(paths, instance), `${JSON.stringify(request)}\n`, { mode: 0o600 });
}

export async function removeRequest(paths: Paths, instance: string): Promise<void> {
  const file = requestFile(paths, instance);
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw stateError('remove', file, cause);
  });
}

/** The lock of everything that changes an instance. */
export const instanceLock = (instance: string) => `instance/${instance}`;

/** Whether a living process is changing the instance, or one was cut off that did: it is stopped and started on purpose. */
export async function isBeingChanged(paths: Paths, instance: string): Promise<boolean> {
  const lock = instanceLock(instance);
  return (await lockHolder(locksDir(paths), lock)) !== undefined || (await openOperationsUnder(journalDir(paths), [lock])).length > 0;
}
