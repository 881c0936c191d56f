import type { JobEnd, JobRequest } from './model.ts';
import { runFunctionJob } from './run-function-job.ts';
import { runSteps } from './run-steps.ts';

/**
 * Runs one attempt of a job to its end, or follows the one that a driver that died has started. Throws E_DISK_FULL where its output
 * cannot be kept, and what starting it throws; its processes are ended then.
 */
export async function runJob(request: JobRequest): Promise<JobEnd> {
  const { work } = request.job;
  if (work.kind === 'steps') return runSteps(request, work.steps);
  return runFunctionJob(request);
}
