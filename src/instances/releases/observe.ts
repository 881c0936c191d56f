import type { EngineRef } from '../../engine/model.ts';
import type { App, Json } from '../../operations/model.ts';
import { type ReleaseUse, releasesInUse } from '../in-use.ts';
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
  /** Those that releases may have been loaded into, as far as instances and this command know. */
  readonly engines: readonly (EngineRef & { readonly [key: string]: Json })[];
}

export async function observePrune(app: App): Promise<PruneFacts> {
  const entries = await listReleases(app.paths);
  const releases = entries.flatMap((entry) => ('release' in entry ? [entry.release] : []));
  const { uses, engines, unreadable } = await releasesInUse(app.paths, releases);
  // Nothing is guessed.
  if (unreadable[0] !== undefined) throw unreadable[0];
  return { entries, uses, engines: engines.map(({ kind, endpoint, identity }) => ({ kind, endpoint, identity })) };
}
