import type { StepEnd } from '../../runs/model.ts';
import type { JobStatus, RunStatus, RunSummary } from '../../runs/status.ts';

/** The documented shape of `--json`: snake_case keys, `null` for what there is not. */
export function summaryJson(run: RunSummary): Readonly<Record<string, unknown>> {
  const { record, outcome } = run;
  return {
    id: run.run,
    repository: run.repository,
    state: run.state,
    phase: run.phase,
    place: run.place ?? null,
    outcome: outcome === undefined ? null : { job: null, step: null, ...outcome },
    source: { ref: null, ...record.source },
    tree: record.tree ?? null,
    executor: record.executor ?? null,
    engine: record.engine ?? null,
    jobs_wanted: record.jobs ?? null,
    timeout_seconds: record.timeoutSeconds ?? null,
    keep: record.keep,
    supersede: record.supersede,
    retry_of: record.retryOf ?? null,
    created_at: record.createdAt,
    started_at: run.startedAt ?? null,
    ended_at: run.endedAt ?? null,
  };
}

export function statusJson(run: RunStatus): Readonly<Record<string, unknown>> {
  const { container } = run;
  return {
    ...summaryJson(run),
    jobs: run.jobs.map(jobJson),
    container: {
      image_tag: container.imageTag ?? null,
      container_id: container.containerId ?? null,
      build_started_at: container.buildStartedAt ?? null,
      build_finished_at: container.buildFinishedAt ?? null,
      container_started_at: container.containerStartedAt ?? null,
      container_stopped_at: container.containerStoppedAt ?? null,
    },
    notes: run.notes,
    driver: run.driver ?? null,
    directory: run.directory,
    workspace: run.workspace,
  };
}

function jobJson({ name, id, state, attempt, reason, allowFailure, startedAt, endedAt, steps }: JobStatus) {
  return {
    name,
    id,
    state,
    attempt,
    reason: reason ?? null,
    allow_failure: allowFailure,
    started_at: startedAt ?? null,
    ended_at: endedAt ?? null,
    steps: steps.map((step) => ({ log: step.log, name: step.name, attempt: step.attempt, started_at: step.startedAt, ...endJson(step.end) })),
  };
}

function endJson(end: StepEnd | undefined) {
  return { ended_at: end?.endedAt ?? null, exit_code: end?.exitCode ?? null, reason: end?.reason ?? null, oom_kills: end?.oomKills ?? null };
}
