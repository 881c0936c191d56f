import type { App } from '../operations/model.ts';
import { runDir, runWorkspace } from '../state/paths.ts';
import { readEvents } from './events.ts';
import type { ContainerRecord, JobState, Outcome, PipelinePlan, RunEvent, RunPhase, RunRecord, RunRef, StepEnd } from './model.ts';
import { driverOf, type OpenRun, openRuns } from './open-runs.ts';
import { listRuns, readContainerRecord, readOutcome, readPlan, readRun } from './store.ts';

export interface StepStatus {
  /** Of its log, `jobs/<id>/<log>.log`. */
  readonly log: number;
  readonly name: string;
  readonly attempt: number;
  readonly startedAt: string;
  /** `undefined`: it goes on. */
  readonly end: StepEnd | undefined;
}

export interface JobStatus {
  readonly name: string;
  readonly id: string;
  readonly state: JobState;
  /** 0: it has not begun. */
  readonly attempt: number;
  readonly reason: string | undefined;
  readonly allowFailure: boolean;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly steps: readonly StepStatus[];
}

/** A run as lists show it. */
export interface RunSummary extends RunRef {
  readonly record: RunRecord;
  readonly state: 'queued' | 'running' | 'ended';
  readonly phase: RunPhase;
  readonly outcome: Outcome | undefined;
  /** Place in the queue, from 1. */
  readonly place: number | undefined;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

export interface RunStatus extends RunSummary {
  readonly jobs: readonly JobStatus[];
  readonly plan: PipelinePlan | undefined;
  readonly container: ContainerRecord;
  readonly notes: readonly string[];
  /** Process of its driver. */
  readonly driver: number | undefined;
  readonly directory: string;
  readonly workspace: string;
}

export async function runStatus(app: App, ref: RunRef): Promise<RunStatus> {
  const events = await readEvents(app.paths, ref);
  const [summary, plan, container, driver] = await Promise.all([
    summarize(app, ref, events, await openRuns(app.paths)),
    readPlan(app.paths, ref),
    readContainerRecord(app.paths, ref),
    driverOf(app.paths, ref),
  ]);
  return {
    ...summary,
    jobs: jobStatuses(plan, events, summary.state === 'ended'),
    plan,
    container,
    notes: events.flatMap((event) => (event.event === 'note' ? [event.text] : [])),
    driver,
    directory: runDir(app.paths, ref.repository, ref.run),
    workspace: runWorkspace(app.paths, ref.repository, ref.run),
  };
}

export interface RunList {
  readonly runs: readonly RunSummary[];
  /** Records that cannot be read; they are runs too. */
  readonly broken: readonly { readonly run: string; readonly message: string }[];
  /** How many there are in all. */
  readonly total: number;
}

/** Newest first, at most `limit`; those that have not ended are always among them. */
export async function listCiRuns(app: App, options: { readonly repository?: string; readonly limit?: number } = {}): Promise<RunList> {
  const [all, open] = await Promise.all([listRuns(app.paths, options.repository), openRuns(app.paths)]);
  const shown = all.filter(({ run }, index) => index < (options.limit ?? Number.POSITIVE_INFINITY) || open.some((one) => one.run === run));
  const broken: { run: string; message: string }[] = [];
  const runs = await Promise.all(
    shown.map(async (ref) => {
      try {
        return [await summarize(app, ref, await readEvents(app.paths, ref), open)];
      } catch (error) {
        broken.push({ run: ref.run, message: error instanceof Error ? error.message : String(error) });
        return [];
      }
    }),
  );
  return { runs: runs.flat(), broken, total: all.length };
}

async function summarize(app: App, ref: RunRef, events: readonly RunEvent[], open: readonly OpenRun[]): Promise<RunSummary> {
  const [record, outcome] = await Promise.all([readRun(app.paths, ref), readOutcome(app.paths, ref)]);
  const phases = events.flatMap((event) => (event.event === 'phase' ? [event] : []));
  const queue = open.filter(({ state }) => state === 'queued');
  const place = queue.findIndex(({ run, repository }) => run === ref.run && repository === ref.repository) + 1;
  return {
    ...ref,
    record,
    outcome,
    state: outcome !== undefined ? 'ended' : place > 0 ? 'queued' : 'running',
    phase: outcome === undefined ? (phases.at(-1)?.phase ?? 'queued') : 'ended',
    place: outcome === undefined && place > 0 ? place : undefined,
    startedAt: phases.find(({ phase }) => phase !== 'queued')?.at,
    endedAt: events.findLast(({ event }) => event === 'end')?.at,
  };
}

function jobStatuses(plan: PipelinePlan | undefined, events: readonly RunEvent[], hasEnded: boolean): readonly JobStatus[] {
  return (plan?.jobs ?? []).map(({ name, id, allowFailure }) => {
    const own = events.filter((event) => 'job' in event && event.job === name);
    const states = own.flatMap((event) => (event.event === 'job' ? [event] : []));
    const last = states.at(-1);
    const known = last?.state ?? 'waiting';
    const isOpen = known === 'waiting' || known === 'running';
    // What ended the run before its jobs had an end of their own ended them, too.
    const cut = hasEnded && isOpen;
    const state = cut ? 'cancelled' : known;
    return {
      name,
      id,
      allowFailure,
      state,
      attempt: last?.attempt ?? 0,
      reason: cut ? 'the run ended before it did' : last?.reason,
      startedAt: states.find((event) => event.state === 'running')?.at,
      endedAt: isOpen ? undefined : last?.at,
      steps: stepStatuses(own),
    };
  });
}

function stepStatuses(events: readonly RunEvent[]): readonly StepStatus[] {
  return events.flatMap((event) => {
    if (event.event !== 'step-start') return [];
    const ended = events.find((other) => other.event === 'step-end' && other.log === event.log);
    const { log, name, attempt, at } = event;
    return [{ log, name, attempt, startedAt: at, end: ended?.event === 'step-end' ? ended.end : undefined }];
  });
}
