import type { Engine, ImageDetails } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { Manifest, Release } from './model.ts';

/** The tag that a release's image has on every engine that it was loaded into: `slipway-release/<service>:<version>-<digits of the release's digest>`. */
export const releaseTag = ({ service, version, digest }: Pick<Manifest, 'service' | 'version' | 'digest'>): string =>
  `slipway-release/${service}:${version.replace(/[^\w.-]/g, '-').slice(0, 100)}-${digest.replace(/^sha256:/, '').slice(0, 12)}`;

/** Puts a release's image into an engine unless it is there, gives it its tag, and gives the image as this engine has it. */
export async function loadRelease(_app: App, _engine: Engine, _release: Release): Promise<ImageDetails> {
  throw new SlipwayError('E_STEP_UNKNOWN', 'not there yet');
}
