import { SlipwayError } from '../../errors.ts';
import { RunFailure } from '../executors/failure.ts';
import type { JobFacts, Outcome, OutcomeKind, PlannedJob, RunPhase } from '../model.ts';
import type { EndRequest } from '../requests.ts';
import { workspaceOutcome } from '../workspace/outcome.ts';
import type { JobResult } from './schedule.ts';

type Evidence = Outcome['evidence'];

/** Whether the same run may end otherwise when it is tried again, where nothing more is known. */
export const retryable: Readonly<Record<OutcomeKind, boolean>> = {
  succeeded: false,
  'command-failed': false,
  timeout: true,
  cancelled: true,
  superseded: false,
  'out-of-memory': false,
  'container-died': true,
  'container-removed': true,
  'engine-lost': true,
  'image-build-failed': false,
  'image-pull-failed': true,
  'container-start-failed': false,
  'workspace-materialization-failed': false,
  'pipeline-invalid': false,
  'disk-full': true,
  'runner-crashed': true,
};

function outcome(kind: OutcomeKind, message: string, evidence: Evidence = {}, decided: Pick<Outcome, 'job' | 'step'> = {}): Outcome {
  return { kind, message, retryable: retryable[kind], evidence, ...decided };
}

/** Everything that may have ended a run. */
export interface Ending {
  readonly jobs: readonly PlannedJob[];
  /** In the order in which they ended. */
  readonly results: ReadonlyMap<string, JobResult>;
  /** What the executor says of its own end. */
  readonly executor?: Outcome | undefined;
  /** Accepted before the jobs had ended. */
  readonly request?: EndRequest | undefined;
  /** The run's own limit, where it was reached. */
  readonly timedOutSeconds?: number | undefined;
  /** What was thrown, and in which phase. */
  readonly fault?: { readonly error: unknown; readonly phase: RunPhase } | undefined;
  /** What a person calls the step whose log has that number. */
  stepName(job: string, log: number): string | undefined;
}

/** The one outcome. What made everything else fail goes before what it made fail; without a record of success there is none. */
export function outcomeOf(ending: Ending): Outcome {
  const { executor, request, timedOutSeconds, fault } = ending;
  if (fault && isDiskFull(fault.error)) return ofFault(fault.error, fault.phase);
  if (executor) return executor;
  if (request) return ofRequest(request);
  if (timedOutSeconds !== undefined)
    return outcome('timeout', `The run took longer than its ${timedOutSeconds} s.`, { limit: 'run', limit_seconds: timedOutSeconds });
  if (fault) return ofFault(fault.error, fault.phase);
  return ofJobs(ending);
}

function ofRequest({ kind, by, at }: EndRequest): Outcome {
  const message = kind === 'superseded' ? `A newer run of the same ref took its place: ${by}.` : `The run was cancelled (${by}).`;
  return outcome(kind, message, { by, requested_at: at });
}

function ofJobs({ jobs, results, stepName }: Ending): Outcome {
  const deciding = [...results].filter(([name]) => jobs.find((job) => job.name === name)?.allowFailure === false);
  const starved = deciding.find(([, { facts }]) => (facts?.oomKills ?? 0) > 0);
  if (starved) return ofMemory(...starved);
  const failed = deciding.find(([, { state }]) => state === 'failed');
  if (failed) return ofFailure(...failed, stepName);
  const unfinished = jobs.find(({ name, allowFailure }) => !allowFailure && !isFine(results.get(name)));
  if (unfinished)
    return outcome(
      'runner-crashed',
      `Nobody can tell how job ${unfinished.name} ended.`,
      { state: results.get(unfinished.name)?.state ?? 'waiting' },
      { job: unfinished.name },
    );
  const allowed = jobs.filter(({ name, allowFailure }) => allowFailure && results.get(name)?.state === 'failed').length;
  const count = [...results.values()].filter(({ state }) => state === 'succeeded').length;
  return outcome('succeeded', `${count === 1 ? '1 job' : `${count} jobs`} succeeded.`, {
    jobs: count,
    ...(allowed === 0 ? {} : { allowed_failures: allowed }),
  });
}

/** A job that skipped itself, or stands behind one that was allowed to fail. */
function isFine(result: JobResult | undefined): boolean {
  return result?.state === 'succeeded' || result?.state === 'skipped';
}

function ofMemory(job: string, { facts }: JobResult): Outcome {
  const kills = facts?.oomKills ?? 0;
  return outcome(
    'out-of-memory',
    `The kernel killed ${kills === 1 ? 'a process' : `${kills} processes`} of job ${job} for memory.`,
    { oom_kills: kills, ...exitEvidence(facts) },
    decidedBy(job, facts),
  );
}

function ofFailure(name: string, { facts, attempt, reason }: JobResult, stepName: Ending['stepName']): Outcome {
  const step = facts?.log === undefined ? undefined : stepName(name, facts.log);
  const message = `Job ${name}: ${reason ?? 'nobody can tell how it ended.'}`;
  const why = facts?.reason ?? 'lost';
  const evidence: Evidence = { reason: why, attempts: attempt, ...(step === undefined ? {} : { step }), ...exitEvidence(facts) };
  return outcome(failureKinds[why], message, evidence, decidedBy(name, facts));
}

const failureKinds: Readonly<Record<JobFacts['reason'], OutcomeKind>> = {
  step: 'command-failed',
  function: 'command-failed',
  timeout: 'timeout',
  // No record is never a success, and nothing that a command said.
  lost: 'runner-crashed',
  done: 'runner-crashed',
  cancelled: 'runner-crashed',
  skipped: 'runner-crashed',
};

function exitEvidence(facts: JobFacts | undefined): Evidence {
  const code = facts?.end?.exitCode;
  return { ...(code === undefined ? {} : { exit_code: code }), ...(facts?.end === undefined ? {} : { step_ended: facts.end.reason }) };
}

function decidedBy(job: string, facts: JobFacts | undefined): Pick<Outcome, 'job' | 'step'> {
  return { job, ...(facts?.log === undefined ? {} : { step: facts.log }) };
}

const ofPhase: Readonly<Record<RunPhase, OutcomeKind>> = {
  queued: 'runner-crashed',
  workspace: 'workspace-materialization-failed',
  plan: 'pipeline-invalid',
  image: 'image-build-failed',
  container: 'container-start-failed',
  jobs: 'runner-crashed',
  teardown: 'runner-crashed',
  ended: 'runner-crashed',
};

/** What a phase threw. The code tells more than the phase where the disk or the engine is to blame. */
function ofFault(error: unknown, phase: RunPhase): Outcome {
  if (error instanceof RunFailure) return error.outcome;
  if (phase === 'workspace' && !isDiskFull(error)) return workspaceOutcome(error);
  const known = error instanceof SlipwayError ? error : undefined;
  const message = known?.message ?? `Slipway failed: ${error instanceof Error ? error.message : String(error)}`;
  const evidence: Evidence = {
    phase,
    code: known?.code ?? 'E_INTERNAL',
    ...(known?.detail === undefined ? {} : { detail: known.detail.slice(-4000) }),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
  };
  return outcome(kindOf(error, known, phase), message, evidence);
}

const engineGone = new Set(['E_ENGINE_UNREACHABLE', 'E_ENGINE_TIMEOUT', 'E_ENGINE_CHANGED', 'E_ENGINE_STOPPED']);
const engineUnfit = new Set(['E_ENGINE_NONE', 'E_ENGINE_PERMISSION', 'E_ENGINE_ENDPOINT', 'E_ENGINE_REMOTE', 'E_ENGINE_OTHER_USER']);
const imageMissing = new Set(['E_IMAGE_PULL', 'E_REGISTRY_UNREACHABLE', 'E_NO_IMAGE']);

function kindOf(error: unknown, known: SlipwayError | undefined, phase: RunPhase): OutcomeKind {
  if (isDiskFull(error)) return 'disk-full';
  if (known === undefined) return 'runner-crashed';
  if (engineGone.has(known.code)) return 'engine-lost';
  if (engineUnfit.has(known.code)) return 'container-start-failed';
  if (imageMissing.has(known.code) && (phase === 'image' || phase === 'container')) return 'image-pull-failed';
  return ofPhase[phase];
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof SlipwayError && error.code === 'E_DISK_FULL') return true;
  const code = 'code' in error ? error.code : undefined;
  const words = `${error.message} ${error instanceof SlipwayError ? (error.detail ?? '') : ''}`;
  return code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|disk quota exceeded/i.test(words) || isDiskFull(error.cause);
}
