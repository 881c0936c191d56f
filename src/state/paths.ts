import { join, resolve } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { checkIdentifier, checkRunId, checkTaskId, checkVersion } from './identifiers.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Paths {
  /** What people write: `config.yml`, `projects/`, `agents/`. */
  readonly config: string;
  /** What Slipway writes. */
  readonly state: string;
  /** What may be thrown away. */
  readonly cache: string;
}

/** `SLIPWAY_*_DIR`, then the XDG base directories; root's state is in /var/lib/slipway. Throws E_SAME_DIRECTORY where nothing would be kept. */
export function resolvePaths(env: Env, home: string, isRoot: boolean): Paths {
  const xdg = (name: string, fallback: string) => join(env[name] || join(home, fallback), 'slipway');
  const paths = {
    config: env.SLIPWAY_CONFIG_DIR || xdg('XDG_CONFIG_HOME', '.config'),
    state: env.SLIPWAY_STATE_DIR || (isRoot && !env.XDG_DATA_HOME ? '/var/lib/slipway' : xdg('XDG_DATA_HOME', '.local/share')),
    cache: env.SLIPWAY_CACHE_DIR || xdg('XDG_CACHE_HOME', '.cache'),
  };
  // A run's record and what it needs while it goes on have the same name below them: clearing the one would remove the other.
  if (resolve(paths.state) === resolve(paths.cache)) {
    throw new SlipwayError('E_SAME_DIRECTORY', `What Slipway keeps and what may be thrown away are one directory, ${paths.state}.`, {
      hint: 'Set SLIPWAY_STATE_DIR or SLIPWAY_CACHE_DIR (or XDG_DATA_HOME, XDG_CACHE_HOME) to another one.',
      exitCode: 2,
    });
  }
  return paths;
}

export const configFile = (paths: Paths) => join(paths.config, 'config.yml');
export const projectsDir = (paths: Paths) => join(paths.config, 'projects');
export const projectDir = (paths: Paths, project: string) => join(projectsDir(paths), checkIdentifier('project', project));
export const projectFile = (paths: Paths, project: string) => join(projectDir(paths, project), 'project.yml');
export const agentsDir = (paths: Paths) => join(paths.config, 'agents');

export const installFile = (paths: Paths) => join(paths.state, 'install.json');
/** The engine that detection found. */
export const engineFile = (paths: Paths) => join(paths.state, 'engine.json');
export const journalDir = (paths: Paths) => join(paths.state, 'journal');
export const locksDir = (paths: Paths) => join(paths.state, 'locks');
export const buildDir = (paths: Paths, project: string) => join(paths.state, 'build', checkIdentifier('project', project));
export const agentEnvDir = (paths: Paths, agent: string) => join(paths.state, 'envs', checkIdentifier('agent', agent));

/** What Slipway keeps of a project's tasks beside their files. */
export const projectStateDir = (paths: Paths, project: string) => join(paths.state, 'projects', checkIdentifier('project', project));
/** The id counter: it outlives the project, so that one made anew gives no id a second time. */
export const taskIdsFile = (paths: Paths, project: string) => join(paths.state, 'task-ids', `${checkIdentifier('project', project)}.json`);
export const tasksMetadataDir = (paths: Paths, project: string) => join(projectStateDir(paths, project), 'tasks');
export const taskFile = (paths: Paths, project: string, task: string) => join(tasksMetadataDir(paths, project), `${checkTaskId(task)}.yml`);

export const projectTasksDir = (paths: Paths, project: string) => join(paths.state, 'tasks', checkIdentifier('project', project));
export const taskDir = (paths: Paths, project: string, task: string) => join(projectTasksDir(paths, project), checkTaskId(task));
export const taskWorkspace = (paths: Paths, project: string, task: string) => join(taskDir(paths, project, task), 'workspace');
export const taskAgentConfig = (paths: Paths, project: string, task: string) => join(taskDir(paths, project, task), 'agent-config');
/** Shared with the container: ready marker and exit record. What is in it was written by the container: never followed, never trusted. */
export const taskRecords = (paths: Paths, project: string, task: string) => join(taskDir(paths, project, task), 'records');

/** The folder of unfinished runs, a file each: whoever looks for them reads no records. */
export const openRunsDir = (paths: Paths) => join(paths.state, 'runs', 'open');
export const runsDir = (paths: Paths) => join(paths.state, 'runs');
export const repositoryRunsDir = (paths: Paths, repository: string) => join(runsDir(paths), checkIdentifier('repository', repository));
/** A run's record: what is known of it, for good. */
export const runDir = (paths: Paths, repository: string, run: string) => join(repositoryRunsDir(paths, repository), checkRunId(run));
export const runsCacheDir = (paths: Paths) => join(paths.cache, 'runs');
export const repositoryCacheDir = (paths: Paths, repository: string) => join(runsCacheDir(paths), checkIdentifier('repository', repository));
/** What a run needs while it goes on. */
export const runCacheDir = (paths: Paths, repository: string, run: string) => join(repositoryCacheDir(paths, repository), checkRunId(run));
export const runWorkspace = (paths: Paths, repository: string, run: string) => join(runCacheDir(paths, repository, run), 'workspace');
/** Shared with the supervisors of its jobs. What is in it was written by what the run runs: never followed, never trusted. */
export const runChannel = (paths: Paths, repository: string, run: string) => join(runCacheDir(paths, repository, run), 'channel');
/** A file for each cache volume of the repository's runs: when it was last used. */
export const cachesDir = (paths: Paths, repository: string) => join(repositoryCacheDir(paths, repository), 'caches');
/** What runs of a repository on this machine share: a folder for each cache. */
export const hostCachesDir = (paths: Paths, repository: string) => join(repositoryCacheDir(paths, repository), 'host-caches');

export const releasesDir = (paths: Paths) => join(paths.state, 'releases');
export const serviceReleasesDir = (paths: Paths, service: string) => join(releasesDir(paths), checkIdentifier('service', service));
/** `manifest.yml`, `image.tar`, `files/`. A version may hold a `/`, as git tags may: it is one folder name all the same. */
export const releaseDir = (paths: Paths, service: string, version: string) =>
  join(serviceReleasesDir(paths, service), encodeURIComponent(checkVersion(version)));
/** Where a release is put together, on the file system of its place; no version's name begins so. */
export const releaseDraft = (paths: Paths, service: string, operation: string) => join(serviceReleasesDir(paths, service), `.${operation}.partial`);
/** The tag's tree, in which it is built. */
export const releaseWork = (paths: Paths, operation: string) => join(paths.cache, 'releases', operation);
/** Bare copies of repositories that were given by their addresses. */
export const mirrorsDir = (paths: Paths) => join(paths.cache, 'mirrors');

export const instancesDir = (paths: Paths) => join(paths.state, 'instances');
export const instanceDir = (paths: Paths, instance: string) => join(instancesDir(paths), checkIdentifier('instance', instance));
/** What a person may edit. */
export const instanceFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'config.yml');
/** Variables and secrets, mode 0600. */
export const instanceEnvFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), '.env');
export const instanceData = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'data');
export const instanceLogs = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'logs');
export const instanceHistoryFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), '.version-history');
/** What Slipway keeps of it: whether it is to run, an update that goes on. */
export const instanceStateFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'state.json');
/** `<operation>.tar`: `data/` before a new version touched it. */
export const instanceSnapshots = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'snapshots');
/** Written by the process that supervises it: attempts, the last exit, `failed`. */
export const instanceSupervisionFile = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'supervision.json');
