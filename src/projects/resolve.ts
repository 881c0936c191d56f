import { homedir } from 'node:os';
import { type Paths, projectDir } from '../state/paths.ts';
import { defaults } from './defaults.ts';
import type { Config, Project, ResolvedProject, SettingName, SettingSource } from './model.ts';
import { readSnippet } from './snippet.ts';
import { readConfig, readProject } from './store.ts';

/** Reads a project over config.yml, with every default filled in and the snippet's text. */
export async function resolveProject(paths: Paths, id: string, home: string = homedir()): Promise<ResolvedProject> {
  const project = await readProject(paths, id, home);
  const config = await readConfig(paths);
  return resolveSettings(project, config, projectDir(paths, id), await readSnippet(projectDir(paths, id), project.snippet));
}

/** Pure: project.yml wins over config.yml, which wins over the defaults. */
export function resolveSettings(project: Project, config: Config, configDir: string, snippet: string): ResolvedProject {
  const agents = project.agents ?? config.agents ?? defaults.agents;
  const wanted = project.defaultAgent ?? config.defaultAgent ?? defaults.defaultAgent;
  return {
    id: project.id,
    repository: project.repository,
    branch: project.branch,
    human: { name: project.human.name ?? config.human.name, email: project.human.email ?? config.human.email },
    base: project.base ?? config.base ?? defaults.base,
    snippet,
    agents,
    ownAgents: project.agents !== undefined,
    // The general default need not be among a project's own agents: then its first one is.
    defaultAgent: agents.includes(wanted) ? wanted : (agents[0] ?? wanted),
    mounts: project.mounts,
    env: project.env,
    ports: project.ports,
    resources: {
      memoryBytes: project.resources.memoryBytes ?? config.resources.memoryBytes,
      cpus: project.resources.cpus ?? config.resources.cpus,
      pids: project.resources.pids ?? config.resources.pids ?? defaults.pids,
      gpus: project.resources.gpus ?? config.resources.gpus,
    },
    hardening: project.hardening ?? config.hardening ?? defaults.hardening,
    shutdownTimeoutSeconds: project.shutdownTimeoutSeconds ?? config.shutdownTimeoutSeconds ?? defaults.shutdownTimeoutSeconds,
    network: project.network,
    trustHostCa: project.trustHostCa ?? config.trustHostCa,
    build: { network: project.build.network ?? config.build.network },
    configDir,
    sources: settingSources(project, config, agents.includes(wanted)),
  };
}

function settingSources(project: Project, config: Config, keepsDefaultAgent: boolean): Readonly<Record<SettingName, SettingSource>> {
  const own = (isSaid: boolean): SettingSource => (isSaid ? 'project' : 'default');
  const simple = (name: 'base' | 'agents' | 'hardening' | 'shutdownTimeoutSeconds' | 'trustHostCa'): SettingSource =>
    project[name] !== undefined ? 'project' : config[name] !== undefined ? 'config' : 'default';
  const parts = (name: 'human' | 'resources' | 'build'): SettingSource => partsSource(project[name], config[name]);
  return {
    repository: own(project.repository !== undefined),
    branch: own(project.branch !== undefined),
    human: parts('human'),
    base: simple('base'),
    snippet: own(project.snippet !== undefined),
    agents: simple('agents'),
    defaultAgent: keepsDefaultAgent
      ? project.defaultAgent !== undefined
        ? 'project'
        : config.defaultAgent !== undefined
          ? 'config'
          : 'default'
      : simple('agents'),
    mounts: own(project.mounts.length > 0),
    env: own(Object.keys(project.env).length > 0),
    ports: own(project.ports.length > 0),
    resources: parts('resources'),
    hardening: simple('hardening'),
    shutdownTimeoutSeconds: simple('shutdownTimeoutSeconds'),
    network: own(project.network !== undefined),
    trustHostCa: simple('trustHostCa'),
    build: parts('build'),
  };
}

function partsSource(project: object, config: object): SettingSource {
  const said = (part: object) => Object.entries(part).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  const ofProject = said(project);
  const ofConfig = said(config).filter((key) => !ofProject.includes(key));
  if (ofProject.length > 0) return ofConfig.length > 0 ? 'project and config' : 'project';
  return ofConfig.length > 0 ? 'config' : 'default';
}
