import { availableParallelism } from 'node:os';
import type { App } from '../../operations/model.ts';
import { readConfig } from '../../projects/store.ts';
import { acquireLock } from '../../state/lock.ts';
import { locksDir } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import { openRuns, queueLock, writeOpenRun } from '../open-runs.ts';
import type { Control } from './control.ts';
import { reviveRuns } from './revive.ts';

const pollMs = 300;

/** Waits until the run has a place: it is its turn, and fewer runs than the limit go on. False: it was asked to end meanwhile. */
export async function waitForPlace(app: App, ref: RunRef, control: Control, onWait: () => void): Promise<boolean> {
  for (let waits = 0; ; waits++) {
    if (await takePlace(app, ref, control)) return true;
    if (control.cancelled.aborted) return false;
    if (waits === 0) onWait();
    // A run before this one that nobody looks after would hold up the queue for good.
    await reviveRuns(app, { but: ref });
    await app.clock.sleep(pollMs, control.cancelled).catch(() => {});
  }
}

/** Under the lock that new runs are written under, so that no run both begins and is replaced. */
async function takePlace(app: App, ref: RunRef, control: Control): Promise<boolean> {
  const lock = await acquireLock(locksDir(app.paths), queueLock, { operation: ref.run, verb: `queue of run ${ref.run}`, signal: control.cancelled }).catch(
    (error: unknown) => {
      if (control.cancelled.aborted) return undefined;
      throw error;
    },
  );
  if (lock === undefined) return false;
  try {
    await control.look();
    if (control.cancelled.aborted) return false;
    const open = await openRuns(app.paths);
    const mine = open.find(({ run, repository }) => run === ref.run && repository === ref.repository);
    const started = open.filter(({ state }) => state === 'started').length;
    const before = open.filter(({ state, run }) => state === 'queued' && run < ref.run).length;
    if (started + before >= (await maximumRuns(app))) return false;
    await writeOpenRun(app.paths, { ...ref, ...(mine?.ref === undefined ? {} : { ref: mine.ref }), state: 'started' });
    control.isQueued = false;
    return true;
  } finally {
    await lock.release();
  }
}

async function maximumRuns(app: App): Promise<number> {
  return (await readConfig(app.paths)).ci.maxRuns ?? availableParallelism();
}
