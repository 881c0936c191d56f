import { isDeepStrictEqual } from 'node:util';
import type { Mount, Resources } from '../engine/model.ts';
import { formatSpan } from '../state/duration.ts';
import type { HealthProbe, HealthSettings, InstanceConfig, InstancePaths } from './model.ts';
import type { ServiceDefinition } from './releases/model.ts';
import { resolveInstance } from './resolve.ts';
import type { InstanceFile } from './schema.ts';

/** The least that config.yml has to say for an instance to be so: what its version's service.yml or Slipway says already is left out. */
export function instanceToFile(config: InstanceConfig, definition: ServiceDefinition | undefined): InstanceFile {
  const { source } = config;
  const of = 'release' in source ? { service: source.release.service, version: source.release.version } : { image: source.image };
  // Without anything of its own.
  const plain = resolveInstance(config.name, { ...of, engine: config.engine, port: config.port }, definition, '');
  const differs = <Key extends keyof InstanceConfig>(key: Key) => !isDeepStrictEqual(config[key], plain[key]);
  const secrets = config.requiredSecrets.filter((name) => !plain.requiredSecrets.includes(name));
  return {
    ...(differs('kind') ? { kind: config.kind } : {}),
    ...of,
    ...optional('repository', config.repository),
    engine: { kind: config.engine.kind, endpoint: config.engine.endpoint, identity: config.engine.identity },
    ...(differs('address') ? { address: config.address } : {}),
    port: config.port,
    ...(differs('containerPort') ? { container_port: config.containerPort } : {}),
    ...some('paths', pathsToFile(config.paths, plain.paths)),
    ...some('env', { ...config.env }),
    ...(config.mounts.length === 0 ? {} : { mounts: config.mounts.map(mountToFile) }),
    ...some('limits', limitsToFile(config.limits)),
    ...some('health', healthToFile(config.health, plain.health)),
    ...(differs('command') ? { command: [...(config.command ?? [])] } : {}),
    ...optional('user', config.user),
    ...optional('working_dir', config.workingDir),
    ...optional('hostname', config.hostname),
    ...(differs('stopTimeoutSeconds') ? { stop_timeout: config.stopTimeoutSeconds } : {}),
    ...(differs('metrics') ? optional('metrics', config.metrics) : {}),
    ...(secrets.length === 0 ? {} : { required_secrets: secrets }),
    ...some('settings', { ...config.settings }),
  };
}

function optional<Key extends keyof InstanceFile>(key: Key, value: InstanceFile[Key]): Pick<InstanceFile, Key> | Record<never, never> {
  return value === undefined ? {} : { [key]: value };
}

function some<Key extends keyof InstanceFile>(key: Key, value: NonNullable<InstanceFile[Key]>): Pick<InstanceFile, Key> | Record<never, never> {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

function pathsToFile(paths: InstancePaths, plain: InstancePaths): NonNullable<InstanceFile['paths']> {
  return {
    ...(paths.data === plain.data ? {} : { data: paths.data }),
    ...(paths.logs === undefined || paths.logs === plain.logs ? {} : { logs: paths.logs }),
    ...(paths.projects === undefined || isDeepStrictEqual(paths.projects, plain.projects) ? {} : { projects: paths.projects }),
  };
}

function mountToFile({ type, source = '', target, readOnly }: Mount): NonNullable<InstanceFile['mounts']>[number] {
  return { ...(type === 'volume' ? { volume: source } : { source }), target, ...(readOnly ? { read_only: true } : {}) };
}

function limitsToFile({ memoryBytes, cpus, pids }: Resources): NonNullable<InstanceFile['limits']> {
  return {
    ...(memoryBytes === undefined ? {} : { memory: formatMemory(memoryBytes) }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(pids === undefined ? {} : { pids }),
  };
}

/** As `parseMemory` reads it. */
export function formatMemory(bytes: number): string {
  const units = ['', 'k', 'm', 'g', 't'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit]}`;
}

function healthToFile(health: HealthSettings, plain: HealthSettings): NonNullable<InstanceFile['health']> {
  const time = (ms: number, defaultMs: number) => (ms === defaultMs ? undefined : formatSpan(ms));
  const file = {
    ...(isDeepStrictEqual(health.probe, plain.probe) ? {} : probeToFile(health.probe)),
    interval: time(health.intervalMs, plain.intervalMs),
    timeout: time(health.timeoutMs, plain.timeoutMs),
    start_period: time(health.startPeriodMs, plain.startPeriodMs),
    passes: health.passes === plain.passes ? undefined : health.passes,
    wait: time(health.waitMs, plain.waitMs),
    soak: time(health.soakMs, plain.soakMs),
  };
  return Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));
}

function probeToFile(probe: HealthProbe | undefined): NonNullable<InstanceFile['health']> {
  if (probe === undefined) return {};
  switch (probe.kind) {
    case 'http':
      return { http: probe.path };
    case 'command':
      return { command: [...probe.command] };
    default:
      return { [probe.kind]: true };
  }
}
