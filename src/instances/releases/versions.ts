import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';

export interface ResolvedVersion {
  /** The tag's name. */
  readonly version: string;
  /** Full id of the commit that it names. */
  readonly commit: string;
}

/**
 * The version to build: the tag of that name, or the newest one (by semver, prereleases last; where none is a version, by date).
 * Throws E_NO_TAG (`Git tag V not found`), E_NO_REPOSITORY, E_CLONE.
 */
export async function resolveVersion(_app: App, _repository: string, _version?: string): Promise<ResolvedVersion> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
