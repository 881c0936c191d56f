import type { ExitCode } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import { newRunWanted, type RunRequest, startCiRun } from '../../runs/new-run.ts';
import { newRun } from '../../runs/verbs.ts';
import { type Call, printPlan } from '../call.ts';
import { watchRun } from './watch.ts';

export interface RunFlags {
  readonly executor?: 'container' | 'host' | 'docker' | 'podman' | undefined;
  readonly dirty?: true | undefined;
  readonly job?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
  readonly keep?: true | undefined;
  readonly supersede?: true | undefined;
  readonly detach?: true | undefined;
}

export async function run(call: Call, revision: string | undefined, flags: RunFlags): Promise<ExitCode | undefined> {
  const request = requestOf(call, revision, flags);
  if (call.app.dryRun) {
    await printPlan(call, await change(call.app, newRun, await newRunWanted(call.app, request)));
    call.app.out.note('Then its jobs are run: `slipway ci plan` shows those of the worktree.');
    return undefined;
  }
  return watchRun(call, await startCiRun(call.app, request), flags.detach === true);
}

function requestOf({ engine }: Call, revision: string | undefined, flags: RunFlags): RunRequest {
  const { executor, job, timeout } = flags;
  const engineWanted = executor === 'docker' || executor === 'podman' ? (engine ?? executor) : engine;
  return {
    directory: process.cwd(),
    dirty: flags.dirty ?? false,
    keep: flags.keep ?? false,
    supersede: flags.supersede ?? false,
    ...(revision === undefined ? {} : { revision }),
    ...(executor === undefined ? {} : { executor: executor === 'host' ? 'host' : 'container' }),
    ...(engineWanted === undefined ? {} : { engineWanted }),
    ...(job === undefined ? {} : { jobs: job }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
  };
}
