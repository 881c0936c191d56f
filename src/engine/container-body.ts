import type { Dialect } from './dialect.ts';
import type { ContainerSpec, Healthcheck, Mount, PortBinding, Resources } from './model.ts';

/** The body of `POST /containers/create`, the same on both engines but for what the dialect says. */
export function containerBody(spec: ContainerSpec, dialect: Dialect): Readonly<Record<string, unknown>> {
  const ports = spec.ports ?? [];
  return {
    Image: spec.image,
    Labels: spec.labels,
    Env: Object.entries(spec.env ?? {}).map(([key, value]) => `${key}=${value}`),
    Entrypoint: spec.entrypoint,
    Cmd: spec.command,
    User: spec.user,
    WorkingDir: spec.workingDir,
    Hostname: spec.hostname,
    Tty: spec.tty ?? false,
    OpenStdin: spec.openStdin ?? false,
    // Left out, Podman takes it for 0 and every stop is a kill. 10 is both engines' own default.
    StopTimeout: spec.stopTimeoutSeconds ?? 10,
    StopSignal: spec.stopSignal,
    Healthcheck: spec.healthcheck === undefined ? undefined : healthBody(spec.healthcheck),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      Init: spec.init ?? true,
      Binds: (spec.mounts ?? []).filter((mount) => mount.type !== 'tmpfs').map(bind),
      Tmpfs: Object.fromEntries((spec.mounts ?? []).filter((mount) => mount.type === 'tmpfs').map((mount) => [mount.target, mount.readOnly ? 'ro' : ''])),
      PortBindings: portBindings(ports, dialect),
      CapDrop: spec.capDrop,
      CapAdd: spec.capAdd,
      SecurityOpt: spec.securityOpt,
      // Podman's service reads a missing mode as its own default, which rootless is slirp4netns: the same as `bridge` there.
      NetworkMode: spec.network ?? (dialect.kind === 'docker' ? 'bridge' : 'default'),
      ExtraHosts: spec.extraHosts,
      UsernsMode: dialect.kind === 'podman' ? spec.userNamespace : undefined,
      ShmSize: spec.shmBytes,
      ...resourcesBody(spec.resources ?? {}),
    },
  };
}

function bind(mount: Mount): string {
  const options = [mount.readOnly ? 'ro' : 'rw', ...(mount.relabel === 'shared' ? ['z'] : [])].join(',');
  return `${mount.source ?? ''}:${mount.target}:${options}`;
}

function portKey(port: PortBinding): string {
  return `${port.container}/${port.protocol}`;
}

function portBindings(
  ports: readonly PortBinding[],
  { kind }: Dialect,
): Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const address = port.address ?? '127.0.0.1';
    // Podman 4 forwards `0.0.0.0` only for packets to that very address: nobody is answered. Empty, it means all.
    const binding = { HostIp: kind === 'podman' && address === '0.0.0.0' ? '' : address, HostPort: port.host === 0 ? '' : String(port.host) };
    bindings[portKey(port)] = [...(bindings[portKey(port)] ?? []), binding];
  }
  return bindings;
}

function resourcesBody(resources: Resources): Readonly<Record<string, unknown>> {
  const { memoryBytes, cpus, pids, gpus } = resources;
  return {
    Memory: memoryBytes,
    // The same limit for memory and swap together: no swap on top, so that the limit is the limit.
    MemorySwap: memoryBytes,
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    PidsLimit: pids,
    DeviceRequests: gpus === undefined ? undefined : [{ Driver: '', Count: gpus === 'all' ? -1 : gpus, Capabilities: [['gpu']] }],
  };
}

function healthBody(check: Healthcheck): Readonly<Record<string, unknown>> {
  const nanoseconds = (ms: number | undefined) => (ms === undefined ? undefined : ms * 1e6);
  return {
    Test: check.test,
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    StartPeriod: nanoseconds(check.startPeriodMs),
    Retries: check.retries,
  };
}
