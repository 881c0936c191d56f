import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App, Json, Plan, Step } from '../operations/model.ts';
import { isIdentifier, isRunId } from '../state/identifiers.ts';
import { hostCachesDir, repositoryRunsDir, runCacheDir, runsDir } from '../state/paths.ts';
import { observeResources, planRemoval, type RunResources } from './executors/container-removal.ts';
import { type BuiltImage, type CacheVolume, observeBuiltImages, observeCaches } from './executors/container-prune.ts';
import { isEngineLost } from './executors/failure.ts';
import type { RunRef } from './model.ts';
import { openRuns } from './open-runs.ts';
import { listRuns, momentOf, namesIn, readRunIfAny } from './store.ts';

export interface PruneWanted {
  /** So many runs of each repository stay, the newest. */
  readonly keep?: number;
  /** ISO 8601: only what is older, and caches that were not used since. */
  readonly before?: string;
}

export interface PruneObserved {
  readonly runs: readonly (RunRef & {
    readonly engine?: EngineRef;
    readonly resources?: RunResources /** There is something in the cache. */;
    readonly hasFiles: boolean;
  })[];
  /** Records that were being written or removed when somebody was cut off. */
  readonly drafts: readonly RunRef[];
  /** Of runs that go, or that have no record any more. */
  readonly images: readonly (BuiltImage & { readonly engine: EngineRef })[];
  readonly caches: readonly (CacheVolume & { readonly engine: EngineRef })[];
  readonly hostCaches: readonly { readonly repository: string; readonly name: string }[];
  /** Engines that did not answer: what they hold stays, and the records of its runs. */
  readonly away: readonly { readonly endpoint: string; readonly error: string }[];
}

export async function observePrune(app: App, { keep, before }: PruneWanted): Promise<PruneObserved> {
  const [all, open] = await Promise.all([listRuns(app.paths), openRuns(app.paths)]);
  const isOpen = (ref: RunRef) => open.some(({ repository, run }) => repository === ref.repository && run === ref.run);
  const old = all.filter((ref) => !isOpen(ref) && (keep === undefined || placeOf(ref, all) >= keep) && (before === undefined || momentOf(ref) < before));
  const records = await Promise.all(old.map(async (ref) => ({ ref, engine: (await readRunIfAny(app.paths, ref).catch(() => undefined))?.engine })));
  const away: { endpoint: string; error: string }[] = [];
  const runs: PruneObserved['runs'][number][] = [];
  for (const { ref, engine } of records) {
    const hasFiles = existsSync(runCacheDir(app.paths, ref.repository, ref.run));
    if (engine === undefined) runs.push({ ...ref, hasFiles });
    else {
      const resources = away.some(({ endpoint }) => endpoint === engine.endpoint)
        ? undefined
        : await asked(away, engine.endpoint, () => observeResources(app, engine, ref));
      if (resources !== undefined) runs.push({ ...ref, hasFiles, engine, resources });
    }
  }
  const engines = await enginesInUse(app, records, away);
  const images: PruneObserved['images'][number][] = [];
  const caches: PruneObserved['caches'][number][] = [];
  for (const [ref, engine] of engines) {
    const isGone = (one: RunRef) => runs.some(({ run }) => run === one.run) || (!isOpen(one) && !all.some(({ run }) => run === one.run));
    for (const image of (await asked(away, ref.endpoint, () => observeBuiltImages(app, engine))) ?? [])
      if (isGone(image.run)) images.push({ ...image, engine: ref });
    if (before === undefined) continue;
    for (const cache of (await asked(away, ref.endpoint, () => observeCaches(app, engine))) ?? [])
      if (cache.usedAt < before) caches.push({ ...cache, engine: ref });
  }
  return { runs, drafts: await oldDrafts(app), images, caches, hostCaches: before === undefined ? [] : await unusedHostCaches(app, before), away };
}

/** Records last: as long as one is there, what its run has left can be found by it. */
export function planPrune({ runs, drafts, images, caches, hostCaches }: PruneObserved): Plan {
  return {
    steps: [
      ...runs.flatMap(({ repository, run, engine, resources, hasFiles }): Step[] => {
        const ref = { repository, run };
        const removal = resources === undefined ? [] : planRemoval(resources, { run: ref, keep: false, keepImage: true });
        const files = hasFiles ? [{ do: 'run.remove-files', ...ref, ...(engine === undefined ? {} : { engine: json(engine) }) }] : [];
        return [...removal, ...files];
      }),
      ...images.map(({ engine, reference }) => ({ do: 'run.remove-image', engine: json(engine), image: reference })),
      ...caches.map(({ engine, repository, volume, key }) => ({ do: 'run.remove-cache', engine: json(engine), repository, volume, key })),
      ...hostCaches.map(({ repository, name }) => ({ do: 'run.remove-host-cache', repository, name })),
      ...[...runs, ...drafts].map(({ repository, run }) => ({ do: 'run.remove-record', repository, run })),
    ],
  };
}

/** Among the runs of its repository, the newest being 0. */
function placeOf(ref: RunRef, all: readonly RunRef[]): number {
  return all.filter(({ repository }) => repository === ref.repository).findIndex(({ run }) => run === ref.run);
}

/** Those that the runs have used, and the person's usual one, where there is one. */
async function enginesInUse(
  app: App,
  records: readonly { readonly engine: EngineRef | undefined }[],
  away: PruneObserved['away'],
): Promise<ReadonlyMap<EngineRef, Engine>> {
  const refs = new Map(records.flatMap(({ engine }) => (engine ? [[engine.endpoint, engine] as const] : [])));
  try {
    const { kind, endpoint, identity } = await (await app.engine()).info({ signal: app.signal });
    refs.set(endpoint, { kind, endpoint, identity });
  } catch (error) {
    // Runs on the host need none.
    if (!(error instanceof SlipwayError)) throw error;
  }
  return new Map([...refs.values()].filter(({ endpoint }) => !away.some((one) => one.endpoint === endpoint)).map((ref) => [ref, app.engineAt(ref)]));
}

async function asked<T>(away: { endpoint: string; error: string }[], endpoint: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isEngineLost(error)) throw error;
    if (!away.some((one) => one.endpoint === endpoint)) away.push({ endpoint, error: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** A new record is a draft for a moment only. */
const draftMs = 3_600_000;

async function oldDrafts(app: App): Promise<readonly RunRef[]> {
  const oldest = new Date(app.clock.now().getTime() - draftMs).toISOString();
  const repositories = (await namesIn(runsDir(app.paths))).filter(isIdentifier);
  const found = await Promise.all(
    repositories.map(async (repository) =>
      (await namesIn(repositoryRunsDir(app.paths, repository)))
        .filter((name) => name.startsWith('.') && isRunId(name.slice(1)) && momentOf({ run: name.slice(1) }) < oldest)
        .map((name) => ({ repository, run: name.slice(1) })),
    ),
  );
  return found.flat();
}

async function unusedHostCaches(app: App, before: string): Promise<PruneObserved['hostCaches']> {
  const repositories = (await namesIn(runsDir(app.paths))).filter(isIdentifier);
  const found = await Promise.all(
    repositories.map(async (repository) => {
      const folder = hostCachesDir(app.paths, repository);
      const names = await namesIn(folder);
      const times = await Promise.all(names.map((name) => stat(join(folder, name)).then(({ mtime }) => mtime.toISOString())));
      return names.flatMap((name, index) => ((times[index] ?? before) < before ? [{ repository, name }] : []));
    }),
  );
  return found.flat();
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: object): Json {
  return value as unknown as Json;
}
