import type { Json } from '../../operations/model.ts';
import type { JobEnd } from '../jobs/model.ts';
import type { JobFacts, JobState, PlannedJob } from '../model.ts';

/** What became of a job. `facts` are its last attempt's, where it ran. */
export interface JobResult {
  readonly state: Extract<JobState, 'succeeded' | 'failed' | 'skipped' | 'cancelled'>;
  /** 0: it never ran. */
  readonly attempt: number;
  readonly reason?: string;
  readonly facts?: JobFacts;
  readonly output: Json;
}

/** What an earlier driver of this run left of a job: its result, or an attempt that may still be going on. */
export type KnownJob = { readonly result: JobResult } | { readonly running: number };

export interface Schedule {
  readonly jobs: readonly PlannedJob[];
  /** Jobs at a time. */
  readonly limit: number;
  readonly known: ReadonlyMap<string, KnownJob>;
  /** Aborted: only jobs that always run begin. */
  readonly cancelled: AbortSignal;
  /** Aborted: nothing begins any more. */
  readonly stopped: AbortSignal;
  /** Runs one attempt. It and `onState` do not reject. */
  run(job: PlannedJob, attempt: number, adopted: boolean, results: ReadonlyMap<string, JobResult>): Promise<JobEnd>;
  onState(job: PlannedJob, state: Exclude<JobState, 'waiting'>, result: Omit<JobResult, 'state'>): void;
}

/**
 * Runs jobs as their graph allows: one begins when all that it needs have ended and done their part, in the order of the plan,
 * independent ones side by side. Gives the results in the order in which jobs ended.
 */
export async function runSchedule(schedule: Schedule): Promise<ReadonlyMap<string, JobResult>> {
  const results = new Map([...schedule.known].flatMap(([name, known]) => ('result' in known ? [[name, known.result] as const] : [])));
  const running = new Map<string, Promise<void>>();
  const waiting = () => schedule.jobs.filter(({ name }) => !results.has(name) && !running.has(name));
  const aborted = Promise.race([schedule.cancelled, schedule.stopped].map(whenAborted));
  const finish = (job: PlannedJob, result: JobResult) => {
    results.set(job.name, result);
    const { state, ...rest } = result;
    schedule.onState(job, state, rest);
  };
  const begin = (job: PlannedJob, attempt: number, adopted: boolean) => {
    const work = attempts(schedule, job, attempt, adopted, results).then((result) => {
      running.delete(job.name);
      finish(job, result);
    });
    running.set(job.name, work);
  };
  for (const [name, known] of schedule.known) {
    const job = schedule.jobs.find((candidate) => candidate.name === name);
    if (job && 'running' in known) begin(job, known.running, true);
  }
  for (;;) {
    for (let settled = true; settled; ) {
      settled = false;
      for (const job of waiting()) {
        const result = withoutRunning(schedule, job, results);
        if (result === undefined) continue;
        finish(job, result);
        settled = true;
      }
    }
    for (const job of waiting()) {
      if (running.size >= schedule.limit) break;
      if (job.needs.every((need) => results.has(need)) && !withoutRunning(schedule, job, results)) begin(job, 1, false);
    }
    if (running.size === 0) {
      if (waiting().length === 0) return results;
      // An abort between the two loops above: the next round settles what it means.
      if (waiting().some((job) => job.needs.every((need) => results.has(need)))) continue;
      throw new Error(
        `jobs that wait for each other: ${waiting()
          .map(({ name }) => name)
          .join(', ')}`,
      );
    }
    await Promise.race([...running.values(), ...(schedule.cancelled.aborted || schedule.stopped.aborted ? [] : [aborted])]);
  }
}

async function attempts(schedule: Schedule, job: PlannedJob, first: number, adopted: boolean, results: ReadonlyMap<string, JobResult>): Promise<JobResult> {
  for (let attempt = first; ; attempt++) {
    const isAdopted = adopted && attempt === first;
    if (!isAdopted) schedule.onState(job, 'running', { attempt, output: null });
    const end = await schedule.run(job, attempt, isAdopted, results);
    const again = end.state === 'failed' && attempt <= job.retry && !schedule.cancelled.aborted && !schedule.stopped.aborted;
    if (!again) return resultOf(end, attempt);
  }
}

function resultOf({ state, message, output, ...facts }: JobEnd, attempt: number): JobResult {
  return { state, attempt, facts, output, ...(message === undefined ? {} : { reason: message }) };
}

/**
 * What becomes of a job that is not to run; `undefined`: it runs, or cannot be told yet. Told once all that it needs has ended, so
 * that what always runs behind it does not begin before that either.
 */
function withoutRunning(schedule: Schedule, job: PlannedJob, results: ReadonlyMap<string, JobResult>): JobResult | undefined {
  const never = (state: 'skipped' | 'cancelled', reason: string): JobResult => ({ state, reason, attempt: 0, output: null });
  if (!job.needs.every((need) => results.has(need))) return undefined;
  if (schedule.stopped.aborted) return never('cancelled', 'the run was ended');
  if (job.always) return undefined;
  if (schedule.cancelled.aborted) return never('cancelled', 'the run was cancelled');
  const missing = job.needs.find((need) => !didItsPart(schedule, need, results));
  return missing === undefined ? undefined : never('skipped', `${missing} ${wordFor(results.get(missing))}`);
}

/** A job that skipped itself did what it had to; one that may fail holds nobody up. */
function didItsPart(schedule: Schedule, name: string, results: ReadonlyMap<string, JobResult>): boolean {
  const result = results.get(name);
  switch (result?.state) {
    case 'succeeded':
      return true;
    case 'skipped':
      return result.attempt > 0;
    case 'failed':
      return schedule.jobs.find((job) => job.name === name)?.allowFailure === true;
    default:
      return false;
  }
}

function wordFor(result: JobResult | undefined): string {
  return result?.state === 'failed' ? 'failed' : result?.state === 'cancelled' ? 'was cancelled' : 'was skipped';
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
