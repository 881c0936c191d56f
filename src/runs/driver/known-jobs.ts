import type { PlannedJob, RunEvent } from '../model.ts';
import type { KnownJob } from './schedule.ts';

/** What the events of an earlier driver tell of each job. */
export function knownJobs(events: readonly RunEvent[], jobs: readonly PlannedJob[]): ReadonlyMap<string, KnownJob> {
  const known = new Map<string, KnownJob>();
  for (const event of events) {
    if (event.event !== 'job' || !jobs.some(({ name }) => name === event.job)) continue;
    const { job, state, attempt, reason, facts, output = null } = event;
    // In the order in which they ended.
    known.delete(job);
    if (state === 'running') known.set(job, { running: attempt });
    else if (state !== 'waiting')
      known.set(job, { result: { state, attempt, output, ...(reason === undefined ? {} : { reason }), ...(facts === undefined ? {} : { facts }) } });
  }
  return known;
}
