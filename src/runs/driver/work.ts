import type { App } from '../../operations/model.ts';
import { makeDirectory, stateError } from '../../state/atomic.ts';
import { runChannel, runWorkspace } from '../../state/paths.ts';
import { RunFailure } from '../executors/failure.ts';
import { hostExecutor } from '../executors/host.ts';
import { linkHostCaches } from '../executors/host-caches.ts';
import type { Executor } from '../executors/model.ts';
import type { PipelinePlan, PlannedJob, RunEvent, RunRecord, RunRef } from '../model.ts';
import { readPlan } from '../store.ts';
import { adoptContainer, startContainer } from './container.ts';
import type { Control } from './control.ts';
import { knownJobs } from './known-jobs.ts';
import { prepareRun } from './prepare.ts';
import type { RunEvents } from './run-events.ts';
import { type JobsRequest, runJobs } from './run-jobs.ts';
import { readRunSecrets } from './run-secrets.ts';
import type { JobResult } from './schedule.ts';

export interface Work {
  readonly ref: RunRef;
  readonly record: RunRecord;
  readonly control: Control;
  readonly events: RunEvents;
  /** What an earlier driver wrote; `undefined`: the run begins now. */
  readonly before: readonly RunEvent[] | undefined;
}

export interface Worked {
  readonly jobs: readonly PlannedJob[];
  readonly results: ReadonlyMap<string, JobResult>;
}

/** From the workspace to the end of the last job. What goes wrong is told to `control`. */
export async function workOn(app: App, work: Work): Promise<Worked> {
  const { record, control, events, before } = work;
  if (record.timeoutSeconds !== undefined) control.limit(beginOf(before) ?? app.clock.now(), record.timeoutSeconds);
  try {
    // An engine, git or a secret's command is not waited for once the run is to end.
    const during = { ...app, signal: control.cancelled };
    return before === undefined ? await begin(app, during, work) : await resume(app, work, before);
  } catch (error) {
    control.fail(error, events.phase);
    return { jobs: [], results: new Map() };
  }
}

async function begin(app: App, during: App, { ref, record: first, control, events }: Work): Promise<Worked> {
  const { record, plan } = await prepareRun(during, ref, first, events);
  const secrets = await readRunSecrets(during, plan, events);
  const executor = plan.executor === 'host' ? await startHost(app, ref, plan, events) : await startContainer(during, ref, record, plan, events);
  events.enter('jobs');
  return jobsOf(app, { ref, record, plan, executor, secrets, control, events, known: new Map() });
}

async function startHost(app: App, ref: RunRef, plan: PipelinePlan, events: RunEvents): Promise<Executor> {
  const { repository, run } = ref;
  const channel = runChannel(app.paths, repository, run);
  await makeDirectory(channel, 0o700).catch((cause: unknown) => {
    throw stateError('write', channel, cause);
  });
  for (const { key, path } of await linkHostCaches(app.paths, repository, runWorkspace(app.paths, repository, run), plan.jobs)) {
    events.note(`The cache ${key} is not used: ${path} is in the tree already.`);
  }
  return hostExecutor(app, ref);
}

/** Steps go on without a driver: this one follows them from where the last one was. */
async function resume(app: App, { ref, record, control, events }: Work, before: readonly RunEvent[]): Promise<Worked> {
  const phase = before.findLast((event) => event.event === 'phase')?.phase;
  const plan = await readPlan(app.paths, ref);
  if ((phase !== 'jobs' && phase !== 'teardown') || plan === undefined) throw crashedIn(phase ?? 'queued');
  events.resume(before, phase);
  let secretsFault: unknown;
  const secrets = await readRunSecrets(app, plan, events).catch((error: unknown) => {
    secretsFault = error;
    return new Map<string, string>();
  });
  const executor = plan.executor === 'host' ? hostExecutor(app, ref) : await adoptContainer(app, ref, record);
  return jobsOf(app, { ref, record, plan, executor, secrets, secretsFault, control, events, known: knownJobs(before, plan.jobs) });
}

async function jobsOf(app: App, jobs: JobsRequest): Promise<Worked> {
  return { jobs: jobs.plan.jobs, results: await runJobs(app, jobs) };
}

function crashedIn(phase: string): RunFailure {
  const message = `The run's driver died in phase ${phase}, before anything ran.`;
  return new RunFailure('E_RUN_LOST', { kind: 'runner-crashed', message, retryable: true, evidence: { phase } });
}

/** When an earlier driver left the queue. */
function beginOf(before: readonly RunEvent[] | undefined): Date | undefined {
  const first = before?.find((event) => event.event === 'phase' && event.phase === 'workspace');
  return first && new Date(first.at);
}
