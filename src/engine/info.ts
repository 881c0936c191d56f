import { createHash } from 'node:crypto';
import type { Api } from './api.ts';
import type { Dialect } from './dialect.ts';
import { parseEndpoint } from './endpoint.ts';
import type { CallOptions, EngineInfo, Locality } from './model.ts';
import { endpointLocality } from './endpoint.ts';
import type { WireDockerInfo, WirePodmanInfo } from './wire.ts';

export async function readInfo(api: Api, platform: NodeJS.Platform, options: CallOptions = {}): Promise<EngineInfo> {
  const dialect = await api.dialect(options);
  const action = 'describe itself';
  if (dialect.kind === 'podman') {
    return podmanInfo(await api.json<WirePodmanInfo>('GET', '/libpod/info', { ...options, action }), api.endpoint, dialect, platform);
  }
  return dockerInfo(await api.json<WireDockerInfo>('GET', '/info', { ...options, action }), api.endpoint, dialect, platform);
}

export function dockerInfo(wire: WireDockerInfo, endpoint: string, dialect: Dialect, platform: NodeJS.Platform): EngineInfo {
  return {
    kind: 'docker',
    endpoint,
    identity: wire.ID,
    version: wire.ServerVersion,
    apiVersion: dialect.apiVersion,
    rootless: (wire.SecurityOptions ?? []).some((option) => option.includes('name=rootless')),
    locality: locality(endpoint, platform, wire.OperatingSystem === 'Docker Desktop'),
    os: wire.OSType,
    arch: goArch(wire.Architecture),
    cgroupVersion: wire.CgroupVersion === '2' ? 2 : 1,
    cgroupDriver: wire.CgroupDriver,
    storageDriver: wire.Driver,
    storageRoot: wire.DockerRootDir,
    runRoot: '',
    memoryBytes: wire.MemTotal,
    cpus: wire.NCPU,
    ociRuntime: '',
    warnings: wire.Warnings ?? [],
  };
}

export function podmanInfo({ host, store, version }: WirePodmanInfo, endpoint: string, dialect: Dialect, platform: NodeJS.Platform): EngineInfo {
  const user = host.idMappings?.uidmap?.find(({ size }) => size === 1)?.host_id ?? 0;
  return {
    kind: 'podman',
    endpoint,
    identity: createHash('sha256').update([host.hostname, user, store.graphRoot].join('\0')).digest('hex').slice(0, 32),
    version: version.Version,
    apiVersion: dialect.apiVersion,
    rootless: host.security.rootless,
    locality: locality(endpoint, platform, false),
    os: host.os,
    arch: goArch(host.arch),
    cgroupVersion: host.cgroupVersion === 'v2' ? 2 : 1,
    cgroupDriver: host.cgroupManager,
    storageDriver: store.graphDriverName,
    storageRoot: store.graphRoot,
    runRoot: store.runRoot,
    memoryBytes: host.memTotal,
    cpus: host.cpus,
    ociRuntime: [host.ociRuntime?.name, /version (\S+)/.exec(host.ociRuntime?.version ?? '')?.[1]].filter(Boolean).join(' '),
    warnings: [],
  };
}

/** Elsewhere than on Linux, an engine always runs in a virtual machine. */
function locality(endpoint: string, platform: NodeJS.Platform, desktop: boolean): Locality {
  const parsed = parseEndpoint(endpoint);
  const near = endpointLocality(parsed);
  const machine = desktop || platform !== 'linux' || (parsed.scheme === 'unix' && parsed.path.includes('podman-machine'));
  // `podman machine` is reached by ssh to a forwarded port of this host.
  if (parsed.scheme === 'ssh' && /^(localhost|127\.0\.0\.1)$/.test(parsed.host) && parsed.port !== undefined) return 'vm';
  return near === 'local' && machine ? 'vm' : near;
}

function goArch(arch: string): string {
  return { x86_64: 'amd64', aarch64: 'arm64' }[arch] ?? arch;
}
