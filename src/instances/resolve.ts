import { parseMemory } from '../projects/memory.ts';
import type { Mount, Resources } from '../engine/model.ts';
import { commandFromFile, healthFromFile, pathsFromFile, withHome } from './from-fields.ts';
import type { HealthSettings, InstanceConfig, InstancePaths, InstanceSource } from './model.ts';
import type { ServiceDefinition } from './releases/model.ts';
import type { InstanceFile } from './schema.ts';

export const defaultHealth: HealthSettings = {
  probe: undefined,
  intervalMs: 1_000,
  timeoutMs: 3_000,
  startPeriodMs: 3_000,
  passes: 2,
  waitMs: 30_000,
  soakMs: 10_000,
};

const defaultPaths: InstancePaths = { data: '/data', logs: undefined, projects: undefined };

/** What config.yml does not say, the version's service.yml says, and what that does not say, Slipway. */
export function resolveInstance(name: string, file: InstanceFile, definition: ServiceDefinition | undefined, home: string): InstanceConfig {
  return {
    name,
    kind: file.kind ?? definition?.kind ?? 'container',
    source: sourceOf(file),
    repository: file.repository === undefined ? undefined : withHome(file.repository, home),
    engine: file.engine,
    address: file.address ?? '127.0.0.1',
    port: file.port,
    containerPort: file.container_port ?? definition?.port ?? 8080,
    paths: { ...defaultPaths, ...definition?.paths, ...pathsFromFile(file.paths, home) },
    env: Object.fromEntries(Object.entries(file.env ?? {}).map(([key, value]) => [key, String(value)])),
    mounts: (file.mounts ?? []).map((mount) => mountFromFile(mount, home)),
    limits: limitsFromFile(file.limits),
    health: { ...defaultHealth, ...definition?.health, ...healthFromFile(file.health) },
    command: file.command === undefined ? definition?.command : commandFromFile(file.command),
    user: file.user,
    workingDir: file.working_dir,
    hostname: file.hostname,
    stopTimeoutSeconds: file.stop_timeout ?? definition?.stopTimeoutSeconds ?? 30,
    metrics: file.metrics ?? definition?.metrics,
    requiredSecrets: [...new Set([...(definition?.requiredSecrets ?? []), ...(file.required_secrets ?? [])])],
    settings: file.settings ?? {},
  };
}

export function sourceOf({ service, version, image }: Pick<InstanceFile, 'service' | 'version' | 'image'>): InstanceSource {
  return service === undefined || version === undefined ? { image: image ?? '' } : { release: { service, version } };
}

function mountFromFile({ source, volume, target, read_only }: NonNullable<InstanceFile['mounts']>[number], home: string): Mount {
  return {
    ...(volume === undefined ? { type: 'bind', source: withHome(source ?? '', home) } : { type: 'volume', source: volume }),
    target,
    ...(read_only ? { readOnly: true } : {}),
  };
}

function limitsFromFile(limits: InstanceFile['limits']): Resources {
  const memory = typeof limits?.memory === 'string' ? parseMemory(limits.memory) : limits?.memory;
  return {
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(limits?.cpus === undefined ? {} : { cpus: limits.cpus }),
    ...(limits?.pids === undefined ? {} : { pids: limits.pids }),
  };
}
