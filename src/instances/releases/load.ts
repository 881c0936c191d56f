import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Engine, ImageDetails } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App, StepKind } from '../../operations/model.ts';
import type { EngineStep } from './build-steps.ts';
import { rememberEngine } from './engines.ts';
import type { Manifest, Release } from './model.ts';
import { broken, imageName, readRelease } from './store.ts';

/** The tag that a release's image has on every engine that it was loaded into: `slipway-release/<service>:<version>-<digits of the release's digest>`. */
export const releaseTag = ({ service, version, digest }: Pick<Manifest, 'service' | 'version' | 'digest'>): string =>
  `slipway-release/${service}:${version.replace(/[^\w.-]/g, '-').slice(0, 100)}-${digest.replace(/^sha256:/, '').slice(0, 12)}`;

/** Puts a release's image into an engine unless it is there, gives it its tag, and gives the image as this engine has it. */
export async function loadRelease(app: App, engine: Engine, release: Release): Promise<ImageDetails> {
  const tag = releaseTag(release);
  const options = { signal: app.signal };
  const tagged = await engine.images.inspect(tag, options);
  if (tagged?.id === release.imageDigest) return tagged;
  const there = await engine.images.inspect(release.imageDigest, options);
  await rememberEngine(app, engine);
  const reference = there === undefined ? await load(app, engine, release) : release.imageDigest;
  await engine.images.tag(reference, tag, options);
  const image = await engine.images.inspect(tag, options);
  if (image === undefined) throw new SlipwayError('E_NO_IMAGE', `The image of ${release.service} ${release.version} was removed as soon as it was loaded.`);
  return image;
}

/** Gives what the engine calls it: an engine that numbers images by their manifests has another id than the archive. */
async function load(app: App, engine: Engine, release: Release): Promise<string> {
  app.out.progress(`Loading the image of ${release.service} ${release.version}`);
  const file = join(release.directory, imageName);
  const archive = createReadStream(file, { highWaterMark: 1 << 20 });
  const loaded = await engine.images.load(archive, { signal: app.signal });
  const byDigest = await engine.images.inspect(release.imageDigest, { signal: app.signal });
  if (byDigest !== undefined) return byDigest.id;
  const [only] = loaded;
  if (loaded.length === 1 && only !== undefined) return only;
  throw broken(release, release.directory, new Error(`${imageName} does not hold ${release.imageDigest}`));
}

export const loadStep: StepKind = {
  do: 'release.load',
  describe: (step) => `Load the image of ${(step as EngineStep).service} ${(step as EngineStep).version} unless it is there`,
  async apply({ app }, step) {
    const { service, version, engine } = step as EngineStep;
    await loadRelease(app, app.engineAt(engine), await readRelease(app.paths, { service, version }));
  },
};
