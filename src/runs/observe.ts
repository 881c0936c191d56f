import type { App } from '../operations/model.ts';
import type { Outcome, RunRecord, RunRef, RunSource } from './model.ts';
import { type OpenRun, openRuns, readOpenRun } from './open-runs.ts';
import { repositoryName } from './repositories.ts';
import { readOutcome, readRunIfAny } from './store.ts';

export interface NewRunWanted extends Pick<RunRecord, 'executor' | 'engineWanted' | 'jobs' | 'timeoutSeconds' | 'keep' | 'supersede' | 'retryOf'> {
  /** Its id. */
  readonly run: string;
  /** Git's common directory: what all worktrees of the repository share. */
  readonly home: string;
  readonly source: RunSource;
}

export interface NewRunObserved {
  /** The name that the repository has, or will get. */
  readonly repository: string;
  readonly createdAt: string;
  /** Queued runs of the same ref, which the new one takes the place of. */
  readonly superseded: readonly OpenRun[];
  readonly exists: boolean;
}

export async function observeNewRun(app: App, { run, home, source, supersede }: NewRunWanted): Promise<NewRunObserved> {
  const repository = await repositoryName(app.paths, home);
  const { ref } = source;
  const open = supersede && ref !== undefined ? await openRuns(app.paths) : [];
  return {
    repository,
    createdAt: app.clock.now().toISOString(),
    superseded: open.filter((one) => one.repository === repository && one.ref === ref && one.state === 'queued' && one.run !== run),
    exists: (await readRunIfAny(app.paths, { repository, run })) !== undefined,
  };
}

/** What is true of a run: its record, how it ended, and whether anybody has yet to look after it. */
export interface RunObserved {
  /** `undefined`: there is no record. */
  readonly record: RunRecord | undefined;
  readonly outcome: Outcome | undefined;
  readonly open: OpenRun | undefined;
}

export async function observeRun(app: App, ref: RunRef): Promise<RunObserved> {
  const [record, outcome, open] = await Promise.all([readRunIfAny(app.paths, ref), readOutcome(app.paths, ref), readOpenRun(app.paths, ref)]);
  return { record, outcome, open };
}
