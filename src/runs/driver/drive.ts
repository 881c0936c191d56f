import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import { describeError } from '../../operations/describe-error.ts';
import type { App } from '../../operations/model.ts';
import { acquireLock, type Lock } from '../../state/lock.ts';
import { locksDir, runDir } from '../../state/paths.ts';
import { readEvents } from '../events.ts';
import type { Outcome, RunRecord, RunRef } from '../model.ts';
import { observeRun } from '../observe.ts';
import { driverLock, removeOpenRun } from '../open-runs.ts';
import { freeReserve } from '../reserve.ts';
import { endRun } from '../verbs.ts';
import { Control } from './control.ts';
import { outcomeOf } from './outcome.ts';
import { waitForPlace } from './queue.ts';
import { RunEvents } from './run-events.ts';
import { type Worked, workOn } from './work.ts';

/** A driver that dies again and again is not helped by another one. */
const mostDrivers = 5;

/**
 * Looks after a run from the queue to its end, whatever happens to it. `false`: another process does already, or there is nothing
 * to be done.
 */
export async function driveRun(app: App, ref: RunRef): Promise<boolean> {
  // A copy of somebody else's state keeps its hands off their runs.
  await app.installId();
  const lock = await tryLock(app, ref);
  if (lock === undefined) return false;
  try {
    const { record, outcome, open } = await observeRun(app, ref);
    if (record === undefined || open === undefined) {
      await removeOpenRun(app.paths, ref);
      return false;
    }
    const whole = { ...app, signal: new AbortController().signal };
    if (outcome === undefined) await drive(app, whole, ref, record, open.state === 'queued');
    else await end(whole, record, outcome);
    return true;
  } finally {
    await lock.release();
  }
}

async function tryLock(app: App, ref: RunRef): Promise<Lock | undefined> {
  try {
    return await acquireLock(locksDir(app.paths), driverLock(ref), { operation: ref.run, verb: `run ${ref.run}`, timeoutMs: 0 });
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_BUSY') return undefined;
    throw error;
  }
}

/** `terminable` is aborted where this process is told to end; `app` is not, so that an end is orderly. */
async function drive(terminable: App, app: App, ref: RunRef, record: RunRecord, isQueued: boolean): Promise<void> {
  const control = new Control(app.paths, ref, app.clock);
  control.watch(terminable.signal);
  const outcome = await decide(app, ref, record, isQueued, control).catch((error: unknown) => outcomeOfFault(error));
  control.close();
  await end(app, record, outcome);
}

async function decide(app: App, ref: RunRef, record: RunRecord, isQueued: boolean, control: Control): Promise<Outcome> {
  const before = await readEvents(app.paths, ref);
  const events = await RunEvents.open(app, ref, (error) => control.fail(error, 'jobs'));
  try {
    events.write({ event: 'driver', pid: process.pid, adopted: before.some(({ event }) => event === 'driver') });
    if (isQueued) {
      if (!(await waitForPlace(app, ref, control, () => events.enter('queued')))) return events.masked(outcomeOf(ending(control, events)));
    }
    control.isQueued = false;
    const drivers = before.filter(({ event }) => event === 'driver').length;
    // What they left running is ended as by any other fault.
    if (drivers >= mostDrivers) control.fail(tooMany(drivers), 'jobs');
    const worked = await workOn(app, { ref, record, control, events, before: isQueued ? undefined : before });
    control.close();
    const outcome = events.masked(outcomeOf({ ...ending(control, events), ...worked }));
    events.enter('teardown');
    return outcome;
  } finally {
    events.close();
  }
}

/** The record itself cannot be written: a full disk, as a rule. */
function outcomeOfFault(error: unknown): Outcome {
  return outcomeOf({ jobs: [], results: new Map(), fault: { error, phase: 'jobs' }, stepName: () => undefined });
}

function tooMany(drivers: number): SlipwayError {
  return new SlipwayError('E_RUN_LOST', `${drivers} drivers of this run have died.`, { hint: 'Look into driver.log of its record.' });
}

function ending(control: Control, events: RunEvents): Parameters<typeof outcomeOf>[0] {
  const { executor, request, timedOutSeconds, fault } = control;
  const nothing: Worked = { jobs: [], results: new Map() };
  return { ...nothing, executor, request, timedOutSeconds, fault, stepName: (job, log) => events.steps.get(`${job} ${log}`) };
}

/** Removes what the run had, writes how it ended, and takes it off the list of unfinished runs. */
async function end(app: App, record: RunRecord, outcome: Outcome): Promise<void> {
  const { repository, id: run } = record;
  // What is written from here on has to fit also on a full disk.
  await freeReserve(runDir(app.paths, repository, run));
  const wanted = { repository, run, outcome };
  try {
    await change(app, endRun, { ...wanted, leave: false });
  } catch (error) {
    app.out.warn(`run ${run} could not be cleaned up whole: ${describeError(error).message}`);
    await change(app, endRun, { ...wanted, leave: true });
  }
}
