import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { runDir } from '../../state/paths.ts';
import type { App } from '../../operations/model.ts';
import { keepArtifacts } from '../executors/artifacts.ts';
import type { Executor } from '../executors/model.ts';
import type { PlannedJob, RunRef } from '../model.ts';
import type { RunEvents } from './run-events.ts';

/** Keeps what a job made, also where it failed. What cannot be kept is said, and is no fault of the job; only a full disk ends the run. */
export async function keepJobArtifacts(app: App, ref: RunRef, job: PlannedJob, executor: Executor, events: RunEvents, signal: AbortSignal): Promise<void> {
  if (job.artifacts.length === 0) return;
  const target = join(runDir(app.paths, ref.repository, ref.run), 'artifacts', job.id);
  try {
    const { files, missing, refused } = await keepArtifacts((path) => executor.archive(path, signal), job.artifacts, target, signal);
    events.note(`Kept ${files === 1 ? '1 file' : `${files} files`} of job ${job.name}`);
    if (missing.length > 0) events.note(`Job ${job.name} made none of its artifacts ${missing.join(', ')}`);
    if (refused.length > 0) events.note(`Not kept of job ${job.name}, since they are no files or lead out of the workspace: ${refused.slice(0, 5).join(', ')}`);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_DISK_FULL') throw error;
    events.note(`The artifacts of job ${job.name} could not be kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}
