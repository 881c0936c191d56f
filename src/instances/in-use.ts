import { SlipwayError } from '../errors.ts';
import type { Paths } from '../state/paths.ts';
import type { Manifest, ReleaseRef } from './releases/model.ts';

export interface ReleaseUse extends ReleaseRef {
  readonly instance: string;
  /** `current`: it is configured or serves; `rollback`: its history can go back to it. */
  readonly how: 'current' | 'rollback';
}

/** Which of these releases an instance uses, or could roll back to. An instance that cannot be read is an error: nothing is guessed. */
export async function releasesInUse(_paths: Paths, _releases: readonly Manifest[]): Promise<readonly ReleaseUse[]> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
