import { SlipwayError } from '../../errors.ts';
import type { Paths } from '../../state/paths.ts';
import type { ReleaseRef } from './model.ts';

export interface Verified {
  readonly ref: ReleaseRef;
  /** What is wrong, a line each; none: it is whole. */
  readonly problems: readonly string[];
}

/** Manifest, every checksum, required files, the image archive. Throws E_NO_RELEASE. */
export async function verifyRelease(_paths: Paths, _ref: ReleaseRef, _signal?: AbortSignal): Promise<Verified> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
