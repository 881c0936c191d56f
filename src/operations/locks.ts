import type { App } from './model.ts';
import { acquireLock, type Lock, type LockHolder } from '../state/lock.ts';
import { locksDir } from '../state/paths.ts';

/** Held by the process that carries an operation out, also by one that recovers it: a free one means that it was cut off. */
export const operationLock = (operation: string) => `operation/${operation}`;

/** What whoever recovers an operation says in the locks that they hold for it: the operation in words. */
export const recoveryVerb = (summary: string) => `recovery of ${summary}`;
export const isRecovery = ({ verb }: LockHolder) => verb.startsWith(recoveryVerb(''));

/** Takes the locks in order; where one cannot be had, none is kept. */
export async function takeLocks(app: App, names: readonly string[], operation: string, verb: string, timeoutMs?: number): Promise<readonly Lock[]> {
  const taken: Lock[] = [];
  try {
    for (const name of names) {
      taken.push(
        await acquireLock(locksDir(app.paths), name, {
          operation,
          verb,
          signal: app.signal,
          onWait: (holder) => app.out.progress(`Waiting for \`${holder.verb}\` (process ${holder.pid})`),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        }),
      );
    }
    return taken;
  } catch (error) {
    await releaseLocks(taken);
    throw error;
  }
}

/** One that cannot be released keeps none of the others. */
export async function releaseLocks(locks: readonly Lock[]): Promise<void> {
  const ends = await Promise.allSettled([...locks].reverse().map((lock) => lock.release()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
