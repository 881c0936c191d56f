import type { EngineRef } from '../../engine/model.ts';
import type { App, Json } from '../../operations/model.ts';
import { type ReleaseUse, releasesInUse } from '../in-use.ts';
import { rememberedEngines } from './engines.ts';
import type { Release, ReleaseRef } from './model.ts';
import { listReleases, type ReleaseEntry, readReleaseIfAny } from './store.ts';

export interface BuildFacts {
  /** One that is there is never built again. */
  readonly release: Release | undefined;
  readonly engine: EngineRef & { readonly [key: string]: Json };
}

export async function observeBuild(app: App, ref: ReleaseRef): Promise<BuildFacts> {
  const release = await readReleaseIfAny(app.paths, ref);
  const { kind, endpoint, identity } = await (await app.engine()).info({ signal: app.signal });
  return { release, engine: { kind, endpoint, identity } };
}

export interface PruneFacts {
  readonly entries: readonly ReleaseEntry[];
  readonly uses: readonly ReleaseUse[];
  /** Those that have images of releases, and answer. */
  readonly engines: readonly (EngineRef & { readonly [key: string]: Json })[];
  /** Those that do not answer now: what they have of releases that go stays there. */
  readonly away: readonly string[];
}

export async function observePrune(app: App): Promise<PruneFacts> {
  const entries = await listReleases(app.paths);
  const releases = entries.flatMap((entry) => ('release' in entry ? [entry.release] : []));
  const { uses, unreadable } = await releasesInUse(app.paths, releases);
  // Nothing is guessed.
  if (unreadable[0] !== undefined) throw unreadable[0];
  const all = [...releases.map(({ builtOn }) => builtOn), ...(await rememberedEngines(app.paths))];
  const known = [...new Map(all.map(({ kind, endpoint, identity }) => [endpoint, { kind, endpoint, identity }])).values()];
  const answers = await Promise.all(known.map((engine) => isThere(app, engine)));
  return {
    entries,
    uses,
    engines: known.filter((_, index) => answers[index]),
    away: known.filter((_, index) => !answers[index]).map(({ endpoint }) => endpoint),
  };
}

function isThere(app: App, ref: EngineRef): Promise<boolean> {
  return app
    .engineAt(ref)
    .ping({ signal: app.signal, timeoutMs: patienceMs })
    .then(
      () => true,
      () => {
        app.signal.throwIfAborted();
        return false;
      },
    );
}

const patienceMs = 5_000;
