import type { PullProgress } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { pullReference } from '../../images/verbs.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { IMAGE_NAME, REGISTRY_IMAGE_NAME } from './constants.ts';

/** The image of a new container: the one that was named, else the one that was built here, else the published one. E_NO_IMAGE. */
export async function chooseImage(app: App, named: string | undefined): Promise<string> {
  const engine = await app.engine();
  for (const reference of named === undefined ? [IMAGE_NAME, REGISTRY_IMAGE_NAME] : [named]) {
    if ((await engine.images.inspect(reference, { signal: app.signal })) !== undefined) return reference;
  }
  throw noImage(named ?? REGISTRY_IMAGE_NAME, named === undefined);
}

function noImage(reference: string, own: boolean): SlipwayError {
  return new SlipwayError('E_NO_IMAGE', `Image not found. Run 'slipway image pull ${reference}' first.`, {
    hint: own ? `Or build it here: \`slipway image build opencode\`.` : `An archive is read by \`slipway image load ARCHIVE\`.`,
  });
}

export async function imageIdOf(app: App, reference: string): Promise<string> {
  const image = await (await app.engine()).images.inspect(reference, { signal: app.signal });
  if (image === undefined) throw noImage(reference, reference === IMAGE_NAME);
  return image.id;
}

export async function pullServiceImage(app: App, reference: string, onProgress: ((progress: PullProgress) => void) | undefined): Promise<string> {
  const told: App = onProgress === undefined ? app : { ...app, out: { ...app.out, pulled: onProgress } };
  await change(told, pullReference, { reference });
  return imageIdOf(app, reference);
}
