import type { ExitCode } from '../../errors.ts';
import { usageError } from '../../errors.ts';
import { retryCiRun } from '../../runs/new-run.ts';
import { runStatus } from '../../runs/status.ts';
import type { Call } from '../call.ts';
import { namedRun } from './find.ts';
import { watchRun } from './watch.ts';

export async function retry(call: Call, run: string, options: { readonly failed?: true | undefined; readonly detach?: true | undefined }): Promise<ExitCode> {
  const ref = await namedRun(call, run);
  const { state, jobs, record } = await runStatus(call.app, ref);
  if (state !== 'ended') throw usageError(`Run ${ref.run} has not ended.`, `Wait for it, or end it with \`slipway ci cancel ${ref.run}\`.`);
  const failed = jobs.filter((job) => job.state !== 'succeeded').map(({ name }) => name);
  if (options.failed && jobs.length > 0 && failed.length === 0)
    throw usageError(`All jobs of run ${ref.run} succeeded.`, 'Leave --failed out to run them again.');
  if (record.source.dirty) call.app.out.note('The changes of the worktree are taken as they are now.');
  const again = await retryCiRun(call.app, ref, options.failed && failed.length > 0 ? failed : undefined);
  return watchRun(call, again, options.detach === true);
}
