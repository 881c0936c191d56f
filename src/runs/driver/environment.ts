import type { PlannedJob, RunRecord } from '../model.ts';

/** What every step is told of the run that it belongs to. */
export function stepEnvironment({ id, repository, source }: RunRecord, job: PlannedJob, attempt: number): Readonly<Record<string, string>> {
  return {
    CI: 'true',
    SLIPWAY: 'true',
    SLIPWAY_RUN: id,
    SLIPWAY_REPOSITORY: repository,
    SLIPWAY_COMMIT: source.commit,
    ...(source.ref === undefined ? {} : { SLIPWAY_REF: source.ref }),
    SLIPWAY_DIRTY: String(source.dirty),
    SLIPWAY_JOB: job.name,
    SLIPWAY_ATTEMPT: String(attempt),
  };
}
