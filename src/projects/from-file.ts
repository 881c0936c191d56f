import { parseMemory } from './memory.ts';
import type { Base, Config, Hardening, Human, Project, ProjectMount, ProjectPort, ResourceSettings } from './model.ts';
import { parsePort } from './port.ts';
import type { ConfigFile, ProjectFile } from './schema.ts';

/** The checked content of project.yml, as the rest of Slipway reads it. */
export function projectFromFile(id: string, file: ProjectFile, home: string): Project {
  return {
    id,
    repository: file.repository === undefined ? undefined : withHome(file.repository, home),
    branch: file.branch,
    snippet: file.snippet,
    network: file.network,
    mounts: (file.mounts ?? []).map((mount) => mountFromFile(mount, home)),
    env: Object.fromEntries(Object.entries(file.env ?? {}).map(([name, value]) => [name, String(value)])),
    ports: (file.ports ?? []).map(portFromFile),
    ...sharedFromFile(file),
  };
}

export function configFromFile(file: ConfigFile): Config {
  return {
    engine: file.engine,
    ...sharedFromFile(file),
    ci: {
      maxRuns: file.ci?.max_runs,
      jobs: file.ci?.jobs,
      keepImages: file.ci?.keep_images,
      enginePatienceSeconds: file.ci?.engine_patience,
    },
    secrets: file.secrets ?? {},
  };
}

interface Shared {
  readonly agents: readonly string[] | undefined;
  readonly defaultAgent: string | undefined;
  readonly base: Base | undefined;
  readonly human: Human;
  readonly trustHostCa: boolean | undefined;
  readonly hardening: Hardening | undefined;
  readonly resources: ResourceSettings;
  readonly build: { readonly network: string | undefined };
  readonly shutdownTimeoutSeconds: number | undefined;
}

function sharedFromFile(file: ProjectFile | ConfigFile): Shared {
  return {
    agents: file.agents,
    defaultAgent: file.default_agent,
    base: baseFromFile(file.base),
    human: { name: file.human?.name, email: file.human?.email },
    trustHostCa: file.trust_host_ca,
    hardening: file.hardening,
    resources: {
      memoryBytes: typeof file.resources?.memory === 'string' ? parseMemory(file.resources.memory) : file.resources?.memory,
      cpus: file.resources?.cpus,
      pids: file.resources?.pids,
      gpus: file.resources?.gpus,
    },
    build: { network: file.build?.network },
    shutdownTimeoutSeconds: file.shutdown_timeout,
  };
}

function baseFromFile(base: ProjectFile['base']): Base | undefined {
  if (base === undefined || typeof base === 'string') return base;
  return { bootstrap: base.bootstrap, suite: base.suite, packages: base.packages ?? [], components: base.components ?? [] };
}

function mountFromFile(mount: NonNullable<ProjectFile['mounts']>[number], home: string): ProjectMount {
  return { source: withHome(mount.source, home), target: mount.target, readOnly: mount.read_only ?? false };
}

function portFromFile(port: NonNullable<ProjectFile['ports']>[number]): ProjectPort {
  if (typeof port === 'object') {
    return { container: port.container, host: port.host ?? port.container, address: port.address ?? '127.0.0.1', protocol: port.protocol ?? 'tcp' };
  }
  const parsed = parsePort(String(port));
  if (parsed === undefined) throw new TypeError(`not a port: ${port}`);
  return parsed;
}

function withHome(path: string, home: string): string {
  return path.startsWith('~/') ? `${home}${path.slice(1)}` : path;
}
