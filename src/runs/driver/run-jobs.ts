import { availableParallelism } from 'node:os';
import type { App, Json } from '../../operations/model.ts';
import { readConfig } from '../../projects/store.ts';
import { runChannel, runDir } from '../../state/paths.ts';
import { graceSeconds } from '../executors/container-spec.ts';
import type { Executor } from '../executors/model.ts';
import type { JobEnd } from '../jobs/model.ts';
import { runJob } from '../jobs/run-job.ts';
import type { JobState, PipelinePlan, PlannedJob, RunRecord, RunRef, RunSource } from '../model.ts';
import type { Push } from '../pipeline/settings.ts';
import { patienceSeconds } from './container.ts';
import type { Control } from './control.ts';
import { stepEnvironment } from './environment.ts';
import { keepJobArtifacts } from './keep-job-artifacts.ts';
import type { RunEvents } from './run-events.ts';
import { type JobResult, type KnownJob, runSchedule } from './schedule.ts';

export interface JobsRequest {
  readonly ref: RunRef;
  readonly record: RunRecord;
  readonly plan: PipelinePlan;
  readonly executor: Executor;
  readonly secrets: ReadonlyMap<string, string>;
  /** Why they could not be read again by a driver that took over: jobs that need one can go on, but not begin. */
  readonly secretsFault?: unknown;
  readonly control: Control;
  readonly events: RunEvents;
  readonly known: ReadonlyMap<string, KnownJob>;
}

/** Runs the jobs of a plan in an executor until the last of them has ended. */
export async function runJobs(app: App, request: JobsRequest): Promise<ReadonlyMap<string, JobResult>> {
  const { plan, executor, control, events, known } = request;
  const over = new AbortController();
  const ended = watchExecutor(executor, control, over.signal);
  const patience = await patienceSeconds(app);
  try {
    return await runSchedule({
      jobs: plan.jobs,
      limit: (await readConfig(app.paths)).ci.jobs ?? availableParallelism(),
      known,
      cancelled: control.cancelled,
      stopped: control.stopped,
      async run(job, attempt, adopted, results) {
        const end = await runAttempt(app, request, job, attempt, adopted, results);
        // Why there is no record the executor may only know in a moment.
        if (end.reason === 'lost' && executor.kind === 'container')
          await Promise.race([ended, app.clock.sleep((patience + 10) * 1000, over.signal).catch(() => {})]);
        await keepJobArtifacts(app, request.ref, job, executor, events, control.stopped).catch((error: unknown) => control.fail(error, 'jobs'));
        return end;
      },
      onState: (job, state, { attempt, reason, facts, output }) =>
        events.write({
          event: 'job',
          job: job.name,
          state,
          attempt,
          ...(reason === undefined ? {} : { reason }),
          ...(output === null ? {} : { output }),
          ...(facts === undefined ? {} : { facts }),
        }),
    });
  } finally {
    over.abort();
    await ended;
  }
}

/** Settles once the executor's end is known, or nobody waits for it any more. */
async function watchExecutor(executor: Executor, control: Control, signal: AbortSignal): Promise<void> {
  try {
    control.executorEnded(await executor.ended(signal));
  } catch (error) {
    if (!signal.aborted) control.fail(error, 'jobs');
  }
}

async function runAttempt(
  app: App,
  request: JobsRequest,
  job: PlannedJob,
  attempt: number,
  adopted: boolean,
  results: ReadonlyMap<string, JobResult>,
): Promise<JobEnd> {
  const { ref, record, executor, secrets, secretsFault, control, events } = request;
  const { repository, run } = ref;
  if (secretsFault !== undefined && !adopted && job.secrets.length > 0) {
    control.fail(secretsFault, 'jobs');
    return lost('its secrets could not be read');
  }
  const over = new AbortController();
  const cancel = job.always ? control.stopped : control.cancelled;
  const work = runJob({
    job,
    attempt,
    executor,
    channel: runChannel(app.paths, repository, run),
    record: runDir(app.paths, repository, run),
    env: stepEnvironment(record, job, attempt),
    secrets,
    needs: neededBy(job, results),
    script: { paths: app.paths, env: app.env, push: pushOf(record.source) },
    graceSeconds,
    cancel,
    adopted,
    onEvent: (event) => events.write(event),
  });
  try {
    return await Promise.race([work, givenUp(app, control.stopped, over.signal)]);
  } catch (error) {
    control.fail(error, 'jobs');
    return lost('Slipway could not follow it');
  } finally {
    over.abort();
  }
}

/** An executor that is gone may leave its supervisors' followers waiting. */
async function givenUp(app: App, stopped: AbortSignal, over: AbortSignal): Promise<JobEnd> {
  if (!stopped.aborted)
    await Promise.race([stopped, over].map((signal) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))));
  await app.clock.sleep((graceSeconds + 10) * 1000, over).catch(() => {});
  return lost('it did not end in time');
}

function lost(message: string): JobEnd {
  return { state: 'failed', reason: 'lost', message, output: null, oomKills: 0 };
}

function pushOf({ commit, ref, dirty }: RunSource): Push {
  const branch = ref === undefined ? undefined : /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  const tag = ref === undefined ? undefined : /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  return { sha: commit, dirty, ...(ref === undefined ? {} : { ref }), ...(branch === undefined ? {} : { branch }), ...(tag === undefined ? {} : { tag }) };
}

function neededBy(job: PlannedJob, results: ReadonlyMap<string, JobResult>): Readonly<Record<string, { readonly state: JobState; readonly output: Json }>> {
  return Object.fromEntries(
    job.needs.map((name) => {
      const { state, output } = results.get(name) ?? { state: 'waiting' as const, output: null };
      return [name, { state, output }];
    }),
  );
}
