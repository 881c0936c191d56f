import { SlipwayError } from '../../errors.ts';
import type { App, Changed } from '../../operations/model.ts';
import type { Release, ReleaseRef, ServiceDefinition } from './model.ts';

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
 * Call it before taking an instance's lock. Throws what readService and resolveVersion throw, E_RELEASE_BUILD, E_RELEASE_BROKEN, E_IMAGE_BUILD.
 */
export async function ensureRelease(_app: App, _request: ReleaseRequest): Promise<EnsuredRelease> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
