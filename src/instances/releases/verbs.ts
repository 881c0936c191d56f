import type { Verb } from '../../operations/model.ts';
import { type BuildFacts, observeBuild, observePrune, type PruneFacts } from './observe.ts';
import { type BuildWanted, planBuild, planPrune, type PruneWanted } from './plan.ts';

/** Whoever wants the same release waits for it, however long its build takes. */
const buildPatienceMs = 24 * 60 * 60_000;

export const buildRelease: Verb<BuildWanted, BuildFacts> = {
  name: 'release.build',
  locks: ({ service, version }) => [`release/${service}/${encodeURIComponent(version)}`],
  lockTimeoutMs: buildPatienceMs,
  observe: observeBuild,
  plan: planBuild,
  reached: ({ release }) => release !== undefined,
  describe: ({ service, version }) => `build release ${version} of ${service}`,
};

/** No instance is made, updated or rolled back meanwhile. */
export const pruneReleases: Verb<PruneWanted, PruneFacts> = {
  name: 'release.prune',
  locks: ({ instances }) => ['instances', ...[...instances].sort().map((name) => `instance/${name}`)],
  observe: observePrune,
  plan: planPrune,
  describe: ({ keep }) => `remove releases that nothing uses, but for the newest ${keep} of each service`,
};

export const verbs = [buildRelease, pruneReleases] as unknown as readonly Verb[];
