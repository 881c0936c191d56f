import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { RunRef } from '../model.ts';
import { acquireLock } from '../../state/lock.ts';
import { locksDir } from '../../state/paths.ts';
import { driverOf, type OpenRun, openRuns, queueLock, removeOpenRun } from '../open-runs.ts';
import { momentOf, readRunIfAny } from '../store.ts';
import { launchDriverOf } from './launch.ts';

export interface ReviveOptions {
  /** The caller's own run. */
  readonly but?: RunRef;
  /** Also those that a driver may just be starting for, or that were left for later. */
  readonly now?: boolean;
}

/** Starts a driver for each unfinished run that has none, and gives those. */
export async function reviveRuns(app: App, { but, now = false }: ReviveOptions = {}): Promise<readonly OpenRun[]> {
  const revived: OpenRun[] = [];
  if (await isForeign(app)) return revived;
  for (const open of await openRuns(app.paths)) {
    if (open.run === but?.run || !(now || isDue(open, app.clock.now()))) continue;
    if ((await driverOf(app.paths, open)) !== undefined) continue;
    if (await hasRecord(app, open)) {
      await launchDriverOf(app, open);
      revived.push(open);
    }
  }
  return revived;
}

/** A copy of somebody else's state, whose runs are theirs. */
async function isForeign(app: App): Promise<boolean> {
  try {
    await app.installId();
    return false;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_INSTALL_FOREIGN') return true;
    throw error;
  }
}

/** One without a record is that of a run that is being made, or whose making was cut off and undone. */
async function hasRecord(app: App, ref: RunRef): Promise<boolean> {
  if ((await readRunIfAny(app.paths, ref)) !== undefined) return true;
  const lock = await acquireLock(locksDir(app.paths), queueLock, { operation: ref.run, verb: 'queue of runs', signal: app.signal });
  try {
    if ((await readRunIfAny(app.paths, ref)) !== undefined) return true;
    await removeOpenRun(app.paths, ref);
    return false;
  } finally {
    await lock.release();
  }
}

/** A new run's own driver takes a moment to start. */
const startMs = 3_000;

function isDue({ run, state, after }: OpenRun, now: Date): boolean {
  if (state === 'left') return after === undefined || Date.parse(after) <= now.getTime();
  return state === 'started' || Date.parse(momentOf({ run })) + startMs <= now.getTime();
}
