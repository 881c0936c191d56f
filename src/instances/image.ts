import type { Engine } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { type InstanceSource, versionOf } from './model.ts';

/** An instance's own tag of an image that it runs or can go back to: what is tagged so is no leftover. */
export const instanceTag = (instance: string, image: string) => `slipway-instance/${instance}:${image.replace(/^sha256:/, '').slice(0, 12)}`;

/** The id (`sha256:…`) of a version's image on an engine, as far as it is there: nothing is loaded or pulled. `undefined`: it is not. */
export async function findImage(app: App, engine: Engine, source: InstanceSource): Promise<string | undefined> {
  const { signal } = app;
  if ('image' in source) return (await engine.images.inspect(source.image, { signal }))?.id;
  const [{ readReleaseIfAny }, { releaseTag }] = await Promise.all([import('./releases/store.ts'), import('./releases/load.ts')]);
  const release = await readReleaseIfAny(app.paths, source.release);
  if (release === undefined) return undefined;
  return (await engine.images.inspect(releaseTag(release), { signal }))?.id ?? (await engine.images.inspect(release.imageDigest, { signal }))?.id;
}

/** Sees to it that a version's image is on an engine: loads the release, or pulls the reference where there is none of that name. Gives its id there. */
export async function provideImage(app: App, engine: Engine, source: InstanceSource): Promise<string> {
  if ('release' in source) {
    const [{ readRelease }, { loadRelease }] = await Promise.all([import('./releases/store.ts'), import('./releases/load.ts')]);
    return (await loadRelease(app, engine, await readRelease(app.paths, source.release))).id;
  }
  return (await findImage(app, engine, source)) ?? pull(app, engine, source.image);
}

async function pull(app: App, engine: Engine, reference: string): Promise<string> {
  if (reference.startsWith('sha256:')) throw gone(reference, engine);
  app.out.progress(`Pull ${reference}`);
  try {
    const { describePull } = await import('../images/pull-step.ts');
    const layers = new Map<string, Parameters<typeof describePull>[1][number]>();
    return await engine.images.pull(reference, {
      signal: app.signal,
      onProgress(progress) {
        if (progress.layer !== undefined) layers.set(progress.layer, progress);
        app.out.progress(describePull(reference, [...layers.values()], progress.status));
      },
    });
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || !['E_REGISTRY_UNREACHABLE', 'E_IMAGE_PULL'].includes(cause.code)) throw cause;
    throw new SlipwayError('E_IMAGE_PULL', cause.message, {
      cause,
      hint: 'Check the name and the network. An image of your own has to be on this engine: `slipway image load ARCHIVE` brings one.',
      ...(cause.detail === undefined ? {} : { detail: cause.detail }),
    });
  }
}

/** What brings a version to an instance. */
export function updateCommand(instance: string, source: InstanceSource): string {
  return 'image' in source
    ? `slipway instance update ${instance} --image ${source.image}`
    : `slipway instance update ${instance} --version ${source.release.version}`;
}

/** What an instance was made from, where it has to be made again: its own image by id, since a name may mean another one by now. */
export async function provideSameImage(
  app: App,
  engine: Engine,
  { instance, source, image }: { readonly instance: string; readonly source: InstanceSource; readonly image: string },
): Promise<void> {
  if ((await engine.images.inspect(image, { signal: app.signal })) !== undefined) return;
  const provided = await provideImage(app, engine, source);
  if (provided !== image) {
    throw new SlipwayError(
      'E_NO_IMAGE',
      `The image that ran as ${versionOf({ source })} (${image.slice(0, 19)}) is not on this engine any more, and that name means another one now.`,
      {
        hint: `Bring it back with \`slipway image load ARCHIVE\`, or take the other one: \`${updateCommand(instance, source)}\`.`,
      },
    );
  }
}

function gone(reference: string, engine: Engine): SlipwayError {
  return new SlipwayError('E_NO_IMAGE', `There is no image ${reference.slice(0, 19)} on the engine at ${engine.endpoint}.`, {
    hint: 'Bring it back with `slipway image load ARCHIVE`, or name an image by its reference.',
  });
}
