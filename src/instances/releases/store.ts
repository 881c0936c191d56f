import { SlipwayError } from '../../errors.ts';
import type { Paths } from '../../state/paths.ts';
import type { Release, ReleaseRef } from './model.ts';

/** One of `release list`: a broken one is an entry with its error. */
export type ReleaseEntry = { readonly ref: ReleaseRef; readonly release: Release } | { readonly ref: ReleaseRef; readonly error: Error };

/** Throws E_NO_RELEASE, E_RELEASE_BROKEN (its manifest cannot be read). Checksums are `verifyRelease`'s. */
export async function readRelease(paths: Paths, ref: ReleaseRef): Promise<Release> {
  const release = await readReleaseIfAny(paths, ref);
  if (release === undefined) throw new SlipwayError('E_NO_RELEASE', `There is no release ${ref.version} of ${ref.service}.`);
  return release;
}

/** `undefined`: there is none. */
export async function readReleaseIfAny(_paths: Paths, _ref: ReleaseRef): Promise<Release | undefined> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}

/** All, or a service's, newest first in each service. */
export async function listReleases(_paths: Paths, _service?: string): Promise<readonly ReleaseEntry[]> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
