import { ownFilter } from '../containers/labels.ts';
import type { EngineRef } from '../engine/model.ts';
import type { App } from '../operations/model.ts';
import { readConfig } from '../projects/store.ts';
import { runOfTag } from './executors/container-names.ts';
import { observeResources, type RunResources } from './executors/container-removal.ts';
import { isSameEngine } from './executors/engine-patience.ts';
import { isEngineLost } from './executors/failure.ts';
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

export interface EndRunWanted extends RunRef {
  /** Where the run has one already, that stands. */
  readonly outcome: Outcome;
  /** Only write how it ended: what it had could not be removed, and is left for later. */
  readonly leave: boolean;
}

export interface EndRunObserved extends RunObserved {
  readonly at: string;
  /** What its engine holds. `away`: it does not answer, or is another one. */
  readonly resources: RunResources | 'away' | undefined;
  /** Images of the repository's runs that are too many by now. */
  readonly surplusImages: readonly RunRef[];
}

export async function observeEnd(app: App, { repository, run, leave }: EndRunWanted): Promise<EndRunObserved> {
  const observed = await observeRun(app, { repository, run });
  const engine = leave ? undefined : observed.record?.engine;
  const resources = engine && (await resourcesAt(app, engine, { repository, run }));
  const surplusImages = engine === undefined || resources === 'away' ? [] : await observeSurplus(app, engine, { repository, run });
  return { ...observed, at: app.clock.now().toISOString(), resources, surplusImages };
}

/** An engine that is not the run's own would say that there is nothing; which one it is takes Podman half a second to tell. */
async function resourcesAt(app: App, engine: EngineRef, ref: RunRef): Promise<RunResources | 'away'> {
  try {
    const found = await observeResources(app, engine, ref);
    return found.containers.length > 0 || (await isSameEngine(app, engine, app.signal)) ? found : 'away';
  } catch (error) {
    if (isEngineLost(error)) return 'away';
    throw error;
  }
}

/** The newest stay, so that the next build finds their layers; and those of runs that go on or are kept. */
async function observeSurplus(app: App, ref: EngineRef, ended: RunRef): Promise<readonly RunRef[]> {
  const labels = ownFilter(await app.installId(), 'run', { project: ended.repository });
  const [images, open, config] = await Promise.all([app.engineAt(ref).images.list({ labels }), openRuns(app.paths), readConfig(app.paths)]);
  const tagged = images.flatMap(({ tags }) => tags.flatMap((tag) => runOfTag(tag) ?? [])).filter(({ repository }) => repository === ended.repository);
  const newestFirst = [...tagged].sort((a, b) => (a.run < b.run ? 1 : -1));
  const surplus = newestFirst.slice(config.ci.keepImages ?? 1).filter(({ run }) => run === ended.run || !open.some((one) => one.run === run));
  const records = await Promise.all(surplus.map((one) => readRunIfAny(app.paths, one).catch(() => undefined)));
  return surplus.filter((_, index) => records[index]?.keep !== true);
}
