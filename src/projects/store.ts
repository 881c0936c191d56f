import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { checkIdentifier, isIdentifier } from '../state/identifiers.ts';
import { nearest } from '../state/nearest.ts';
import { configFile, type Paths, projectFile, projectsDir } from '../state/paths.ts';
import { readYamlCached } from '../state/yaml-cache.ts';
import { configFromFile, projectFromFile } from './from-file.ts';
import type { Config, Project, ProjectEntry } from './model.ts';

/** Throws E_NO_PROJECT, E_BAD_ID, E_BAD_FILE. `home` is what `~/` in the file stands for. */
export async function readProject(paths: Paths, id: string, home: string = homedir()): Promise<Project> {
  const project = await readProjectIfAny(paths, id, home);
  if (project === undefined) throw noProject(id, await listProjectIds(paths));
  return project;
}

export async function readProjectIfAny(paths: Paths, id: string, home: string = homedir()): Promise<Project | undefined> {
  const file = projectFile(paths, checkIdentifier('project', id));
  const content = await readYamlCached(paths, `project-${id}`, file, async () => (await import('./schema.ts')).checkedProjectSchema(id));
  return content === undefined ? undefined : projectFromFile(id, content, home);
}

/** Folders under `projects/` that may hold a project, sorted. Other names are not projects. */
export async function listProjectIds(paths: Paths): Promise<readonly string[]> {
  try {
    const entries = await readdir(projectsDir(paths), { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && isIdentifier(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', projectsDir(paths), cause);
  }
}

/** Every project; a broken file is an entry with its error. A folder without project.yml is left out. */
export async function readProjects(paths: Paths, home: string = homedir()): Promise<readonly ProjectEntry[]> {
  const entries = await Promise.all(
    (await listProjectIds(paths)).map(async (id): Promise<ProjectEntry | undefined> => {
      try {
        const project = await readProjectIfAny(paths, id, home);
        return project && { id, project };
      } catch (error) {
        return { id, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

/** Without a config.yml everything is `undefined`. */
export async function readConfig(paths: Paths): Promise<Config> {
  const content = await readYamlCached(paths, 'config', configFile(paths), async () => (await import('./schema.ts')).checkedConfigSchema);
  return configFromFile(content ?? {});
}

export function noProject(id: string, known: readonly string[]): SlipwayError {
  const near = nearest(id, known);
  const hint = near
    ? `Did you mean \`${near}\`? \`slipway project list\` shows all.`
    : known.length > 0
      ? '`slipway project list` shows the projects.'
      : `\`slipway project new ${id} --repo ADDRESS\` makes it.`;
  return new SlipwayError('E_NO_PROJECT', `There is no project \`${id}\`.`, { hint });
}
