import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '../errors.ts';
import type { Step, StepKind, Verb } from '../operations/model.ts';
import { stateError } from '../state/atomic.ts';

export interface SaveWanted {
  readonly references: readonly string[];
  /** Absolute path. */
  readonly file: string;
}

interface SaveStep extends Step {
  readonly references: readonly string[];
  readonly file: string;
  readonly partial: string;
}

/** Writes an archive beside its place, then renames: one that is there is whole. */
export const saveImages: StepKind = {
  do: 'image.save',
  describe: (step) => `Save ${(step as SaveStep).references.join(', ')} to ${(step as SaveStep).file}`,
  async apply({ app }, step) {
    const { references, file, partial } = step as SaveStep;
    const archive = await (await app.engine()).images.save(references, { signal: app.signal });
    try {
      await pipeline(archive, createWriteStream(partial), { signal: app.signal });
      await rename(partial, file);
    } catch (cause) {
      if (app.signal.aborted || cause instanceof SlipwayError) throw cause;
      throw stateError('write', file, cause);
    }
  },
};

export const dropArchive: StepKind = {
  do: 'image.drop-archive',
  describe: (step) => `Remove ${(step as SaveStep).partial}`,
  async apply(_, step) {
    await rm((step as SaveStep).partial, { force: true });
  },
};

export const saveReferences: Verb<SaveWanted, undefined> = {
  name: 'image.save',
  locks: () => [],
  describe: ({ references, file }) => `save ${references.join(', ')} to ${file}`,
  async observe(app, { references, file }) {
    const engine = await app.engine();
    for (const reference of references) {
      if ((await engine.images.inspect(reference, { signal: app.signal })) === undefined) {
        throw new SlipwayError('E_NO_IMAGE', `There is no image ${reference}.`, { hint: '`slipway image list` shows those that Slipway made.' });
      }
    }
    if ((await stat(file).catch(() => undefined))?.isDirectory()) {
      throw new SlipwayError('E_NO_FILE', `${file} is a folder.`, { hint: 'Give the name of the archive to write.' });
    }
    return undefined;
  },
  plan: (_, { references, file }) => {
    const partial = `${file}.partial`;
    return { steps: [{ do: 'image.save', references, file, partial }], otherwise: [{ do: 'image.drop-archive', partial }] };
  },
};
