import type { ResolvedProject, SettingName, SettingSource } from '../../projects/model.ts';
import { resolveProject } from '../../projects/resolve.ts';
import { projectFile } from '../../state/paths.ts';
import { type Call, printResult } from '../call.ts';
import { baseText } from './list.ts';

export async function show(call: Call, id: string): Promise<void> {
  const project = await resolveProject(call.app.paths, id);
  const file = projectFile(call.app.paths, id);
  printResult(call, asJson(project, file), textOf(project, file));
}

/** Keys as in project.yml; `null` where nothing is set. */
function asJson(project: ResolvedProject, file: string) {
  const { resources } = project;
  return {
    id: project.id,
    file,
    repository: project.repository ?? null,
    branch: project.branch ?? null,
    human: { name: project.human.name ?? null, email: project.human.email ?? null },
    base: project.base,
    snippet: project.snippet,
    agents: project.agents,
    default_agent: project.defaultAgent,
    mounts: project.mounts.map(({ source, target, readOnly }) => ({ source, target, read_only: readOnly })),
    env: project.env,
    ports: project.ports,
    resources: { memory_bytes: resources.memoryBytes ?? null, cpus: resources.cpus ?? null, pids: resources.pids, gpus: resources.gpus ?? null },
    hardening: project.hardening,
    shutdown_timeout: project.shutdownTimeoutSeconds,
    network: project.network ?? null,
    trust_host_ca: project.trustHostCa ?? null,
    build: { network: project.build.network ?? null },
    sources: Object.fromEntries(Object.entries(project.sources).map(([name, source]) => [keys[name as SettingName], source])),
  };
}

const keys: Readonly<Record<SettingName, string>> = {
  repository: 'repository',
  branch: 'branch',
  human: 'human',
  base: 'base',
  snippet: 'snippet',
  agents: 'agents',
  defaultAgent: 'default_agent',
  mounts: 'mounts',
  env: 'env',
  ports: 'ports',
  resources: 'resources',
  hardening: 'hardening',
  shutdownTimeoutSeconds: 'shutdown_timeout',
  network: 'network',
  trustHostCa: 'trust_host_ca',
  build: 'build',
};

const sourceNames: Readonly<Record<SettingSource, string>> = {
  project: 'project.yml',
  config: 'config.yml',
  'project and config': 'project.yml and config.yml',
  default: 'default',
};

function textOf(project: ResolvedProject, file: string): string {
  const width = Math.max(...Object.values(keys).map((key) => key.length)) + 2;
  const line = (key: string, value: string, source?: SettingSource) =>
    `${`${key}:`.padEnd(width)}${value}${source === undefined ? '' : `  (${sourceNames[source]})`}`;
  const settings = Object.entries(values(project)).map(([name, value]) => line(keys[name as SettingName], value, project.sources[name as SettingName]));
  return [line('id', project.id), line('file', file), ...settings].join('\n');
}

function values(project: ResolvedProject): Readonly<Record<SettingName, string>> {
  const { human, resources, snippet } = project;
  return {
    repository: project.repository ?? '-',
    branch: project.branch ?? "the upstream's",
    human: [human.name, human.email && `<${human.email}>`].filter(Boolean).join(' ') || '-',
    base: baseText(project.base),
    snippet: snippet === '' ? '-' : lineCount(snippet),
    agents: project.agents.join(', '),
    defaultAgent: project.defaultAgent,
    mounts: project.mounts.map(({ source, target, readOnly }) => `${source} → ${target}${readOnly ? ' (read-only)' : ''}`).join(', ') || '-',
    env: Object.keys(project.env).join(', ') || '-',
    ports: project.ports.map(({ address, host, container, protocol }) => `${address}:${host} → ${container}/${protocol}`).join(', ') || '-',
    resources: resourcesText(resources),
    hardening: project.hardening,
    shutdownTimeoutSeconds: `${project.shutdownTimeoutSeconds} s`,
    network: project.network ?? "the engine's default",
    trustHostCa: project.trustHostCa === undefined ? "where the host's bundle differs from the base's" : project.trustHostCa ? 'yes' : 'no',
    build: `network ${project.build.network ?? "the engine's default"}`,
  };
}

function lineCount(text: string): string {
  const lines = text.trimEnd().split('\n').length;
  return `${lines} ${lines === 1 ? 'line' : 'lines'}`;
}

function resourcesText({ memoryBytes, cpus, pids, gpus }: ResolvedProject['resources']): string {
  const parts = [
    memoryBytes !== undefined && `memory ${Math.round((memoryBytes / 2 ** 20) * 10) / 10} MiB`,
    cpus !== undefined && `cpus ${cpus}`,
    `pids ${pids}`,
    gpus !== undefined && `gpus ${gpus}`,
  ];
  return parts.filter(Boolean).join(', ');
}
