import { SlipwayError, usageError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App, Changed } from '../../operations/model.ts';
import { checkIdentifier, checkVersion } from '../../state/identifiers.ts';
import type { Release, ReleaseRef, ServiceDefinition } from './model.ts';
import { readService } from './service-file.ts';
import { readRelease, readReleaseIfAny } from './store.ts';
import { buildRelease } from './verbs.ts';
import { resolveVersion } from './versions.ts';

export interface ReleaseRequest {
  /** Path or address; relative paths are taken from the working directory. */
  readonly repository: string;
  /** Default: the newest tag. */
  readonly version?: string | undefined;
  /** Where it is given and the repository declares another one: E_USAGE. */
  readonly service?: string | undefined;
}

export interface EnsuredRelease {
  readonly ref: ReleaseRef;
  /** As the tag has it; of a release that was there as the release has it. */
  readonly definition: ServiceDefinition;
  /** `undefined` only with `--dry-run`, where it would have to be built. */
  readonly release: Release | undefined;
  /** It was there already. */
  readonly reused: boolean;
  /** `undefined` where it was there already. */
  readonly changed: Changed<unknown> | undefined;
}

/**
 * The release of a version: the one that is there, else one built now, as an operation of its own under `release/<service>/<version>`.
 * Call it before taking an instance's lock. A service's release of a version that is there needs no repository. Throws what
 * readService and resolveVersion throw, E_RELEASE_BUILD, E_RELEASE_BROKEN, E_RELEASE_OTHER, E_RELEASE_FILES, E_IMAGE_BUILD.
 */
export async function ensureRelease(app: App, request: ReleaseRequest): Promise<EnsuredRelease> {
  const { service, version } = request;
  if (service !== undefined && version !== undefined) {
    const known = await readReleaseIfAny(app.paths, { service: checkIdentifier('service', service), version: checkVersion(version) });
    if (known !== undefined) return reuse(known);
  }
  const resolved = await resolveVersion(app, request.repository, version);
  const declared = await readService(app, request.repository, resolved.version);
  const ref = { service: declared.definition.service, version: resolved.version };
  if (service !== undefined && service !== ref.service) {
    throw usageError(
      `${declared.repository} is the repository of \`${ref.service}\`, not of \`${service}\`.`,
      `\`slipway release build ${ref.service} ${ref.version}\` builds that one.`,
    );
  }
  const known = await readReleaseIfAny(app.paths, ref);
  if (known !== undefined) return reuse(checked(app, known, declared.repository, declared.commit));
  const { repository, file: definition } = declared;
  const changed = await change(app, buildRelease, { ...ref, repository, gitCommit: declared.commit, definition });
  if (app.dryRun) return { ref, definition: declared.definition, release: undefined, reused: false, changed };
  const release = await readRelease(app.paths, ref);
  // Somebody else was building it.
  if (changed.operation === undefined) return reuse(checked(app, release, repository, declared.commit));
  return { ref, definition: release.definition, release, reused: false, changed };
}

function reuse(release: Release): EnsuredRelease {
  return { ref: { service: release.service, version: release.version }, definition: release.definition, release, reused: true, changed: undefined };
}

/** A tag that was moved changes no release; another repository's service of the same name must not be taken for this one. */
function checked(app: App, release: Release, repository: string, commit: string): Release {
  if (release.gitCommit === commit) return release;
  const { service, version } = release;
  if (release.repository !== repository) {
    throw new SlipwayError('E_RELEASE_OTHER', `Release ${version} of ${service} was built from another repository, ${release.repository}.`, {
      hint: `Give one of the two services another name: \`service: NAME\` in .slipway/service.yml; commit that, and tag the commit.`,
    });
  }
  app.out.warn(
    `tag ${version} was moved from ${release.gitCommit.slice(0, 12)} to ${commit.slice(0, 12)}; the release that was built of the former is used as it is`,
  );
  return release;
}
