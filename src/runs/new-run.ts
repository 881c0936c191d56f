import { SlipwayError } from '../errors.ts';
import { change, newOperationId } from '../operations/change.ts';
import type { App } from '../operations/model.ts';
import { launchDriver } from './driver/launch.ts';
import type { RunRecord, RunRef, RunSource } from './model.ts';
import type { NewRunWanted } from './observe.ts';
import { repositoryAt } from './repository-at.ts';
import { readRun } from './store.ts';
import { newRun } from './verbs.ts';
import { resolveSource } from './workspace/source.ts';

export interface RunRequest extends Partial<Pick<RunRecord, 'executor' | 'engineWanted' | 'jobs' | 'timeoutSeconds' | 'keep' | 'supersede' | 'retryOf'>> {
  /** A folder in the repository. */
  readonly directory: string;
  /** Default `HEAD`. */
  readonly revision?: string;
  /** With the work tree's changes. Default false. */
  readonly dirty?: boolean;
}

/** Writes a run's record and starts the process that looks after it. Throws only where there can be no record: no repository, a full disk. */
export async function startCiRun(app: App, request: RunRequest): Promise<RunRef> {
  if (app.dryRun) return writeRecord(app, request);
  const launching = launchDriver(app, engineWantedBy(app, request));
  // Told once there is a run that needs it.
  launching.catch(() => {});
  try {
    await app.installId();
    const ref = await writeRecord(app, request);
    (await launching).drive(ref);
    return ref;
  } catch (error) {
    await launching.then(
      (driver) => driver.dismiss(),
      () => {},
    );
    throw error;
  }
}

async function writeRecord(app: App, request: RunRequest): Promise<RunRef> {
  const wanted = await newRunWanted(app, request);
  const { before } = await change(app, newRun, wanted);
  return { repository: before.repository, run: wanted.run };
}

/** A driver that another command starts again has to mean the same engine. */
function engineWantedBy({ env }: App, { engineWanted }: RunRequest): string | undefined {
  return engineWanted ?? (env.SLIPWAY_ENGINE || undefined);
}

/** What `run.new` is to make. Nothing is written. */
export async function newRunWanted(app: App, request: RunRequest): Promise<NewRunWanted> {
  const { executor, jobs, timeoutSeconds, keep = false, supersede = false, retryOf } = request;
  const engineWanted = engineWantedBy(app, request);
  return {
    run: newOperationId(app.clock.now()),
    ...(await sourceOf(app, request)),
    keep,
    supersede,
    ...(executor === undefined ? {} : { executor }),
    ...(engineWanted === undefined ? {} : { engineWanted }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(retryOf === undefined ? {} : { retryOf }),
  };
}

/** Mistakes in a revision are the run's outcome, not an error of the command: they are told when the workspace is made. */
const ofTheRun: ReadonlySet<string> = new Set(['E_REVISION', 'E_NO_COMMIT', 'E_WORK_TREE']);

async function sourceOf(app: App, { directory, revision = 'HEAD', dirty = false }: RunRequest): Promise<{ readonly source: RunSource; readonly home: string }> {
  const { paths, env, signal } = app;
  try {
    const { repository, commit, ref, home } = await resolveSource(directory, revision, { paths, env, signal, dirty });
    return { source: { repository, revision, commit, dirty, ...(ref === undefined ? {} : { ref }) }, home };
  } catch (error) {
    if (!(error instanceof SlipwayError) || !ofTheRun.has(error.code)) throw error;
    const { top, home } = await repositoryAt(app, directory);
    return { source: { repository: top, revision, commit: '', dirty }, home };
  }
}

/** The same again: of the same commit, as it was asked for then. `jobs`: only these. */
export async function retryCiRun(app: App, ref: RunRef, jobs?: readonly string[]): Promise<RunRef> {
  return startCiRun(app, await retryRequest(app, ref, jobs));
}

async function retryRequest(app: App, ref: RunRef, chosen: readonly string[] | undefined): Promise<RunRequest> {
  const { id, source, executor, engineWanted, jobs = undefined, timeoutSeconds, keep } = await readRun(app.paths, ref);
  const wanted = chosen ?? jobs;
  return {
    directory: source.repository,
    revision: source.commit === '' ? source.revision : source.commit,
    dirty: source.dirty,
    keep,
    retryOf: id,
    ...(executor === undefined ? {} : { executor }),
    ...(engineWanted === undefined ? {} : { engineWanted }),
    ...(wanted === undefined ? {} : { jobs: wanted }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}
