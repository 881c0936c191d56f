import { createReadStream } from 'node:fs';
import type { Step, StepKind } from '../operations/model.ts';

interface ArchiveStep extends Step {
  readonly archive: string;
}

interface ImportStep extends ArchiveStep {
  readonly name: string;
}

/** The image is the person's own, under the name that they gave it: it gets no label, so that no prune takes it. */
export const importImage: StepKind = {
  do: 'image.import',
  describe: (step) => `Import ${(step as ImportStep).archive} as ${(step as ImportStep).name}`,
  async apply({ app }, step) {
    const { archive, name } = step as ImportStep;
    await (await app.engine()).images.import(createReadStream(archive), name, { signal: app.signal });
  },
};

export const loadImages: StepKind = {
  do: 'image.load',
  describe: (step) => `Load the images of ${(step as ArchiveStep).archive}`,
  async apply({ app }, step) {
    const loaded = await (await app.engine()).images.load(createReadStream((step as ArchiveStep).archive), { signal: app.signal });
    for (const reference of loaded) app.out.note(`Loaded ${reference}`);
  },
};
