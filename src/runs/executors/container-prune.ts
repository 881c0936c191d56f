import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isOwn, label, ownFilter } from '../../containers/labels.ts';
import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { isMissing, stateError } from '../../state/atomic.ts';
import { cachesDir } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { RunRef } from '../model.ts';
import { runOfTag } from './container-names.ts';

/** An image that was built for a run. */
export interface BuiltImage {
  readonly run: RunRef;
  /** Its tag, or its id where a person took the tag off. */
  readonly reference: string;
  readonly createdAt: string;
  readonly sizeBytes: number;
}

/** A volume that runs of one repository share. */
export interface CacheVolume {
  readonly volume: string;
  readonly repository: string;
  readonly key: string;
  readonly usedAt: string;
}

/** Only this install's, by label. */
export async function observeBuiltImages(app: App, engine: Engine): Promise<readonly BuiltImage[]> {
  const images = await engine.images.list({ labels: ownFilter(await app.installId(), 'run'), signal: app.signal });
  return images.flatMap(({ id, tags, labels, createdAt, sizeBytes }): BuiltImage[] => {
    const run = { repository: labels[label.project] ?? '', run: labels[label.run] ?? '' };
    const own = tags.filter((tag) => runOfTag(tag)?.run === run.run);
    // A name that a person gave it is a reason to keep it.
    const references = tags.length === 0 ? [id] : own;
    return references.map((reference) => ({ run, reference, createdAt, sizeBytes }));
  });
}

export async function observeCaches(app: App, engine: Engine): Promise<readonly CacheVolume[]> {
  const volumes = await engine.volumes.list({ labels: ownFilter(await app.installId(), 'run'), signal: app.signal });
  return Promise.all(
    volumes.flatMap(({ name, labels, createdAt }) => {
      const [repository, key] = [labels[label.project], labels[label.cache]];
      return repository === undefined || key === undefined
        ? []
        : [lastUse(app, repository, name).then((usedAt) => ({ volume: name, repository, key, usedAt: usedAt ?? createdAt }))];
    }),
  );
}

async function lastUse(app: App, repository: string, volume: string): Promise<string | undefined> {
  const file = join(cachesDir(app.paths, repository), volume);
  try {
    return (await stat(file)).mtime.toISOString();
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', file, cause);
  }
}

/** One that a run has just taken into use stays, and that is said. */
export async function removeCache(app: App, engine: Engine, repository: string, volume: string): Promise<void> {
  const found = await engine.volumes.inspect(volume);
  if (found !== undefined) {
    if (!isOwn(found.labels, await app.installId(), 'run')) return;
    try {
      await engine.volumes.remove(volume);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'E_IN_USE') throw error;
      app.out.warn(`Cache ${found.labels[label.cache] ?? volume} stays: ${error.message}`);
      return;
    }
  }
  await removeTree(join(cachesDir(app.paths, repository), volume));
}
