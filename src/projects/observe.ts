import { readdir } from 'node:fs/promises';
import { checkAgentNames } from '../agents/store.ts';
import { templatesDir } from '../agents/templates.ts';
import type { App } from '../operations/model.ts';
import { isMissing, readFileIfAny, stateError } from '../state/atomic.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { isThere } from '../state/is-there.ts';
import { buildDir, type Paths, projectDir, projectFile, projectStateDir, projectTasksDir, tasksMetadataDir } from '../state/paths.ts';
import { checkSettings } from './check-settings.ts';
import { installedSchema, type NewProjectSettings, renderProject } from './render.ts';
import { listProjectIds } from './store.ts';

export interface NewProjectWanted extends NewProjectSettings {
  readonly id: string;
}

export interface NewProjectObserved {
  /** The text of project.yml now; `undefined`: there is none. */
  readonly existing: string | undefined;
  /** The text to write. */
  readonly text: string;
}

/** Also finds every mistake in what is wanted: `plan` only has to look whether the project exists. */
export async function observeNewProject(app: App, { id, ...settings }: NewProjectWanted): Promise<NewProjectObserved> {
  checkIdentifier('project', id);
  const existing = await readFileIfAny(projectFile(app.paths, id));
  if (existing === undefined) {
    await checkSettings(id, settings);
    await checkAgentNames(app.paths, settings.agents ?? []);
  }
  return { existing, text: await renderProject(id, settings, installedSchema(templatesDir(), 'project')) };
}

export interface DeleteProjectWanted {
  readonly id: string;
}

export interface DeleteProjectObserved {
  /** project.yml is not read: a broken one can be deleted too. */
  readonly configDir: string | undefined;
  /** The names in that folder. */
  readonly configFiles: readonly string[];
  /** What Slipway keeps of it and is there. */
  readonly stateDirs: readonly string[];
  /** Ids of tasks that have metadata or files. */
  readonly tasks: readonly string[];
  /** Ids of all projects. */
  readonly known: readonly string[];
}

export async function observeProject(paths: Paths, id: string): Promise<DeleteProjectObserved> {
  const configDir = projectDir(paths, checkIdentifier('project', id));
  const stateDirs = [buildDir(paths, id), projectTasksDir(paths, id), projectStateDir(paths, id)];
  const [hasConfig, ...hasState] = await Promise.all([configDir, ...stateDirs].map((path) => isThere(path)));
  const tasks = [
    ...(await namesIn(tasksMetadataDir(paths, id))).flatMap((name) => /^([1-9][0-9]*)\.yml$/.exec(name)?.[1] ?? []),
    ...(await namesIn(projectTasksDir(paths, id))).filter((name) => /^[1-9][0-9]*$/.test(name)),
  ];
  return {
    configDir: hasConfig ? configDir : undefined,
    configFiles: hasConfig ? [...(await namesIn(configDir))].sort() : [],
    stateDirs: stateDirs.filter((_, index) => hasState[index]),
    tasks: [...new Set(tasks)].sort((a, b) => Number(a) - Number(b)),
    known: await listProjectIds(paths),
  };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', directory, cause);
  }
}
