import { nearest } from '../../state/nearest.ts';
import type { PipelinePlan, PlannedJob } from '../model.ts';
import { RunFailure } from '../executors/failure.ts';

/** The jobs of a run: all, or those that were asked for by name or group, with everything that they need. In the order of the plan. */
export function chooseJobs({ jobs }: PipelinePlan, wanted: readonly string[] | undefined): readonly PlannedJob[] {
  if (wanted === undefined) return jobs;
  const chosen = new Set<string>();
  const add = (job: PlannedJob) => {
    if (chosen.has(job.name)) return;
    chosen.add(job.name);
    for (const other of jobs) if (job.needs.includes(other.name)) add(other);
  };
  for (const name of wanted) {
    const named = jobs.filter((job) => job.name === name || job.group === name);
    if (named.length === 0) throw noSuchJob(name, jobs);
    named.forEach(add);
  }
  return jobs.filter(({ name }) => chosen.has(name));
}

function noSuchJob(name: string, jobs: readonly PlannedJob[]): RunFailure {
  const known = [...new Set(jobs.flatMap((job) => [job.group, job.name]))];
  const near = nearest(name, known);
  const message = `The pipeline has no job ${JSON.stringify(name)}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
  const jobNames = jobs.map((job) => job.name).join(', ');
  return new RunFailure('E_NO_JOB', { kind: 'pipeline-invalid', message, retryable: false, evidence: { job: name, jobs: jobNames } });
}
