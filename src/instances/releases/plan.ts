import type { Json, Plan, Step } from '../../operations/model.ts';
import type { BuildFacts, PruneFacts } from './observe.ts';
import { serviceFromFile } from './from-file.ts';
import { releaseTag } from './load.ts';
import type { Release, ReleaseRef, ServiceDefinition } from './model.ts';
import type { ReleaseUse } from '../in-use.ts';
import { type ServiceFile, withVersion } from './schema.ts';

export interface BuildWanted {
  readonly service: string;
  readonly version: string;
  /** Absolute path, or the address. */
  readonly repository: string;
  readonly gitCommit: string;
  /** What `.slipway/service.yml` of that commit says. */
  readonly definition: ServiceFile;
}

/** One that is there is reused. Publishing is the last step: whatever ends before it leaves nothing. */
export function planBuild({ release, engine }: BuildFacts, { service, version, repository, gitCommit, definition: file }: BuildWanted): Plan {
  if (release !== undefined) return { steps: [] };
  const definition = serviceFromFile(file, service);
  const ref = { service, version };
  const made = imageSteps(definition, { ...ref, engine, gitCommit });
  return {
    steps: [
      { do: 'release.check-out', ...ref, repository, gitCommit },
      ...made.steps,
      { do: 'release.save-image', ...ref, engine, ...made.image },
      { do: 'release.copy-files', ...ref, files: definition.files },
      { do: 'release.seal', ...ref, engine, repository, gitCommit, definition: file as unknown as Json },
      { do: 'release.tidy', ...ref, engine, ...made.image },
      { do: 'release.publish', ...ref, commit: true },
    ],
    otherwise: [{ do: 'release.discard', ...ref, engine }],
  };
}

interface Making extends ReleaseRef {
  readonly engine: BuildFacts['engine'];
  readonly gitCommit: string;
}

/** How the image comes to be, and its name where that is not one of ours. */
function imageSteps(
  { build, image, dockerfile }: ServiceDefinition,
  { gitCommit, ...making }: Making,
): { readonly steps: readonly Step[]; readonly image: { readonly image?: string } } {
  const reference = image === undefined ? undefined : withVersion(image, making.version);
  if (reference === undefined) return { steps: [{ do: 'release.build-image', ...making, dockerfile: dockerfile ?? 'Dockerfile' }], image: {} };
  const step =
    build === undefined
      ? { do: 'release.pull-image', ...making, image: reference }
      : { do: 'release.run-build', ...making, command: build, gitCommit, image: reference };
  return { steps: [step], image: { image: reference } };
}

export interface PruneWanted {
  /** The newest of each service, whoever uses them. */
  readonly keep: number;
  readonly instances: readonly string[];
}

export interface Kept {
  readonly release: Release;
  /** Empty: it is among the newest. */
  readonly uses: readonly ReleaseUse[];
}

/** Never what an instance uses or could go back to. What cannot be read is left to a person. */
export function unusedReleases({ entries, uses }: PruneFacts, keep: number): { readonly unused: readonly Release[]; readonly kept: readonly Kept[] } {
  const releases = entries.flatMap((entry) => ('release' in entry ? [entry.release] : []));
  const judged = releases.map((release) => {
    const newest = releases.filter(({ service }) => service === release.service).slice(0, keep);
    const own = uses.filter(({ service, version }) => service === release.service && version === release.version);
    return { release, uses: own, isKept: own.length > 0 || newest.includes(release) };
  });
  return { unused: judged.filter(({ isKept }) => !isKept).map(({ release }) => release), kept: judged.filter(({ isKept }) => isKept) };
}

/** First the name on each engine, so that what is left of a cut-off removal is still a release. */
export function planPrune(facts: PruneFacts, { keep }: PruneWanted): Plan {
  const { unused } = unusedReleases(facts, keep);
  return {
    steps: unused.flatMap((release): readonly Step[] => {
      const ref = { service: release.service, version: release.version };
      return [...facts.engines.map((engine) => ({ do: 'release.unload', ...ref, engine, tag: releaseTag(release) })), { do: 'release.remove', ...ref }];
    }),
  };
}
