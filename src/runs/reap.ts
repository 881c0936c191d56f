import { label, ownFilter } from '../containers/labels.ts';
import type { EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App, Json, Plan } from '../operations/model.ts';
import { isIdentifier, isRunId } from '../state/identifiers.ts';
import { repositoryCacheDir, runsCacheDir } from '../state/paths.ts';
import type { RunRef } from './model.ts';
import { driverOf, openRuns } from './open-runs.ts';
import { namesIn, readOutcome, readRunIfAny } from './store.ts';

export interface ReapObserved {
  /** Runs that have ended, or of which there is no record, with containers or networks on the engine. */
  readonly onEngine: readonly RunRef[];
  /** The same, with a workspace. */
  readonly onDisk: readonly RunRef[];
  readonly engine: EngineRef | undefined;
}

/** What runs have left behind: looked for first, and only then which runs go on, so that one that has just begun is not touched. */
export async function observeReap(app: App): Promise<ReapObserved> {
  const engine = await usualEngine(app);
  const labelled = engine === undefined ? [] : await runsOnEngine(app, engine);
  const folders = await runsOnDisk(app);
  const open = await openRuns(app.paths);
  const isLeft = async (ref: RunRef) => {
    if (open.some(({ run, repository, state }) => run === ref.run && repository === ref.repository && state !== 'left')) return false;
    // Two that remove the same are in each other's way.
    if ((await driverOf(app.paths, ref)) !== undefined) return false;
    const record = await readRunIfAny(app.paths, ref);
    if (record === undefined) return true;
    // One that was kept is there to be looked at.
    return !record.keep && (await readOutcome(app.paths, ref)) !== undefined;
  };
  return { engine, onEngine: await filtered(labelled, isLeft), onDisk: await filtered(folders, isLeft) };
}

export function planReap({ engine, onEngine, onDisk }: ReapObserved): Plan {
  const at = engine === undefined ? {} : { engine: json(engine) };
  return {
    steps: [
      ...(engine === undefined ? [] : onEngine.map((ref) => ({ do: 'run.remove-resources', engine: json(engine), ...ref }))),
      ...onDisk.map((ref) => ({ do: 'run.remove-files', ...ref, ...at })),
    ],
  };
}

async function usualEngine(app: App): Promise<EngineRef | undefined> {
  try {
    const { kind, endpoint, identity } = await (await app.engine()).info({ signal: app.signal });
    return { kind, endpoint, identity };
  } catch (error) {
    // Runs on the host need none.
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

async function runsOnEngine(app: App, ref: EngineRef): Promise<readonly RunRef[]> {
  const engine = app.engineAt(ref);
  const labels = ownFilter(await app.installId(), 'run');
  const [containers, networks] = await Promise.all([engine.containers.list({ labels }), engine.networks.list({ labels })]);
  const found = [...containers, ...networks].map((one) => ({ repository: one.labels[label.project] ?? '', run: one.labels[label.run] ?? '' }));
  return [...new Map(found.filter(({ run }) => isRunId(run)).map((one) => [`${one.repository}/${one.run}`, one])).values()];
}

async function runsOnDisk({ paths }: App): Promise<readonly RunRef[]> {
  const repositories = (await namesIn(runsCacheDir(paths))).filter(isIdentifier);
  const runs = await Promise.all(
    repositories.map(async (repository) => (await namesIn(repositoryCacheDir(paths, repository))).filter(isRunId).map((run) => ({ repository, run }))),
  );
  return runs.flat();
}

async function filtered(refs: readonly RunRef[], isWanted: (ref: RunRef) => Promise<boolean>): Promise<readonly RunRef[]> {
  const wanted = await Promise.all(refs.map(isWanted));
  return refs.filter((_, index) => wanted[index]);
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: object): Json {
  return value as unknown as Json;
}
