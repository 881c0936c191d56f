import type { App } from '../operations/model.ts';
import type { CreateWanted } from './observe.ts';
import type { Draft } from './draft.ts';
import { provideImage } from './image.ts';
import type { InstanceConfig } from './model.ts';

export interface Provided extends CreateWanted {
  readonly config: InstanceConfig;
  /** `built`: now, or with `--dry-run` first; `reused`: the release was there. `image`: it has none. */
  readonly release: 'built' | 'reused' | 'image';
}

/** Builds or reuses the draft's release, or pulls its image: after everything that can be wrong has been looked at. With `--dry-run` nothing is. */
export async function provideDraft(app: App, { config, release: wanted }: Draft): Promise<Provided> {
  const engine = app.engineAt(config.engine);
  if (wanted === undefined) {
    const reference = 'image' in config.source ? config.source.image : '';
    const found = async () => (await engine.images.inspect(reference, { signal: app.signal }))?.id ?? reference;
    const image = await (app.dryRun ? found() : provideImage(app, engine, config.source));
    return { config, image, digest: image, release: 'image' };
  }
  const [{ ensureRelease }, { releaseTag }] = await Promise.all([import('./releases/ensure.ts'), import('./releases/load.ts')]);
  const { release, reused } = await ensureRelease(app, wanted);
  const how = reused ? 'reused' : 'built';
  if (release === undefined) {
    const image = `${wanted.service}:${wanted.version}`;
    return { config, ...(config.kind === 'process' ? {} : { image }), digest: '', release: how };
  }
  const image = await (app.dryRun ? releaseTag(release) : provideImage(app, engine, config.source));
  return config.kind === 'process' ? { config, digest: release.digest, release: how } : { config, image, digest: image, release: how };
}
