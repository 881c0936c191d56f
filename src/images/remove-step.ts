import { label, operationFilter, ownFilter } from '../containers/labels.ts';
import { rm } from 'node:fs/promises';
import type { Engine, ImageSummary, Labels } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { openOperations } from '../operations/read-journal.ts';
import type { Step, StepKind } from '../operations/model.ts';
import { journalDir } from '../state/paths.ts';
import { bootstrapArchive } from './bootstrap.ts';
import { unpin } from './from-base.ts';
import { pinnedBaseTag } from './names.ts';
import { sameId } from './staleness.ts';

interface RemoveStep extends Step {
  readonly image: string;
  readonly name: string;
  readonly tags: readonly string[];
}

/** Removes an image of this install. One that a container took into use meanwhile stays, and that is said. */
export const removeImage: StepKind = {
  do: 'image.remove',
  describe: (step) => `Remove ${(step as RemoveStep).name}`,
  async apply({ app }, step) {
    const { image, name, tags } = step as RemoveStep;
    const engine = await app.engine();
    const own = await engine.images.list({ labels: ownFilter(await app.installId(), 'layer'), signal: app.signal });
    const found = own.find(({ id }) => sameId(id, image));
    // Gone already, or given another name meanwhile: then it is somebody's.
    if (found === undefined || found.tags.some((tag) => !tags.includes(tag))) return;
    try {
      await removeAll(engine, found.id, found.tags);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'E_IN_USE') throw error;
      app.out.warn(`${name} stays: ${error.message}`);
    }
  },
};

/**
 * Removes what the removed images were built from step by step. Podman keeps these as images of their own, with the labels of the
 * layer below, and shows each only when the one above it is gone.
 */
export const sweepImages: StepKind = {
  do: 'image.sweep',
  describe: () => 'Remove the build steps of removed images',
  async apply({ app }) {
    const open = await openOperations(journalDir(app.paths));
    await removeUntagged(await app.engine(), ownFilter(await app.installId(), 'layer'), ({ labels }) => !open.includes(labels[label.op] ?? ''));
  },
};

/** One after the other, since each may bring the next one to light. */
async function removeUntagged(engine: Engine, labels: Labels, isMeant: (image: ImageSummary) => boolean): Promise<void> {
  const seen = new Set<string>();
  for (;;) {
    const images = await engine.images.list({ labels });
    const next = images.find((image) => image.tags.length === 0 && !seen.has(image.id) && isMeant(image));
    if (next === undefined) return;
    seen.add(next.id);
    await engine.images.remove(next.id).catch((error: unknown) => {
      // A container or another image stands on it: it is somebody's.
      if (!(error instanceof SlipwayError) || !['E_IN_USE', 'E_CONFLICT'].includes(error.code)) throw error;
    });
  }
}

/** By names, never by force: that would take it from stopped containers. */
async function removeAll(engine: Engine, id: string, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) await engine.images.remove(id);
  for (const tag of tags) await engine.images.remove(tag);
}

interface DiscardStep extends Step {
  readonly project: string;
}

/** Goes back from a build: what this operation made and did not finish. Finished layers stay under their fingerprint, for the next build. */
export const discardBuild: StepKind = {
  do: 'image.discard',
  describe: (step) => `Remove what the build of ${(step as DiscardStep).project} left unfinished`,
  async apply({ app, operation }) {
    const engine = await app.engine();
    await rm(bootstrapArchive(app.paths.cache, operation), { force: true });
    await removeUntagged(engine, operationFilter(await app.installId(), operation), () => true);
    await unpin(engine, pinnedBaseTag(operation));
  },
};
