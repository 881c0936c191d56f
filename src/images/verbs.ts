import { access, constants } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import type { Verb } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { generateProject } from './generate.ts';
import type { ProjectImages } from './model.ts';
import { observeProjectImages } from './observe.ts';
import { observePrune } from './observe-all.ts';
import { type BuildWanted, planBuild, requestedRefresh } from './plan.ts';
import { saveReferences } from './save.ts';
import { planPrune, type PruneFacts } from './prune.ts';

/** A build takes minutes: another one of the same layers waits for it, and then finds them. */
const longEnough = 30 * 60_000;

export const buildImages: Verb<BuildWanted, ProjectImages> = {
  name: 'image.build',
  locks: ({ base, project }) => [`build/base-${base}`, `build/project-${project}`],
  lockTimeoutMs: longEnough,
  describe: ({ project }) => `build ${project}`,
  async observe(app, wanted) {
    const project = await resolveProject(app.paths, wanted.project);
    return observeProjectImages(app, project, { dev: wanted.dev || wanted.top === 'dev', refresh: requestedRefresh(wanted) });
  },
  plan: planBuild,
};

export interface ReferenceWanted {
  readonly reference: string;
}

export const pullReference: Verb<ReferenceWanted, undefined> = {
  name: 'image.pull',
  locks: ({ reference }) => [`images/${encodeURIComponent(reference)}`],
  lockTimeoutMs: longEnough,
  describe: ({ reference }) => `pull ${reference}`,
  observe: async () => undefined,
  plan: (_, { reference }) => ({ steps: [{ do: 'image.pull', reference }] }),
};

export interface ImportWanted {
  /** Absolute path. */
  readonly archive: string;
  readonly name: string;
}

export const importArchive: Verb<ImportWanted, undefined> = {
  name: 'image.import',
  locks: ({ name }) => [`images/${encodeURIComponent(name)}`],
  describe: ({ archive, name }) => `import ${archive} as ${name}`,
  observe: (_, { archive }) => checkReadable(archive),
  plan: (_, { archive, name }) => ({ steps: [{ do: 'image.import', archive, name }] }),
};

export const loadArchive: Verb<{ readonly archive: string }, undefined> = {
  name: 'image.load',
  locks: () => [],
  describe: ({ archive }) => `load ${archive}`,
  observe: (_, { archive }) => checkReadable(archive),
  plan: (_, { archive }) => ({ steps: [{ do: 'image.load', archive }] }),
};

export const pruneImages: Verb<Record<string, never>, PruneFacts> = {
  name: 'image.prune',
  locks: () => ['images-prune'],
  describe: () => 'remove images that nothing uses',
  observe: (app) => observePrune(app),
  plan: planPrune,
};

async function checkReadable(archive: string): Promise<undefined> {
  try {
    await access(archive, constants.R_OK);
    return undefined;
  } catch (cause) {
    throw new SlipwayError('E_NO_FILE', `${archive} cannot be read.`, { cause, hint: 'Check the path of the archive.' });
  }
}

export const verbs: readonly Verb[] = [
  buildImages,
  generateProject,
  importArchive,
  loadArchive,
  pruneImages,
  pullReference,
  saveReferences,
] as unknown as readonly Verb[];
