import { withAlgorithm } from './image-details.ts';
import type { ContainerDetails, ContainerState, ContainerSummary, Health, Mount, PortBinding, Resources } from './model.ts';
import { shortReference } from './reference.ts';
import type { WireContainer, WireContainerSummary, WireMount, WirePort, WirePortMap } from './wire.ts';

export function containerSummary(wire: WireContainerSummary): ContainerSummary {
  return {
    id: wire.Id,
    name: (wire.Names?.[0] ?? '').replace(/^\//, ''),
    image: shortReference(wire.Image),
    imageId: withAlgorithm(wire.ImageID),
    labels: wire.Labels ?? {},
    state: containerState(wire.State),
    createdAt: new Date(wire.Created * 1000).toISOString(),
    ports: dedupe((wire.Ports ?? []).filter((port) => port.PublicPort !== undefined && port.PublicPort !== 0).map(summaryPort)),
  };
}

export function containerDetails(wire: WireContainer): ContainerDetails {
  const { State: state, Config: config, HostConfig: host } = wire;
  const running = containerState(state.Status) === 'running' || containerState(state.Status) === 'paused';
  const bound = detailPorts(wire.NetworkSettings.Ports);
  return {
    id: wire.Id,
    name: wire.Name.replace(/^\//, ''),
    image: shortReference(config.Image ?? ''),
    imageId: withAlgorithm(wire.Image),
    labels: config.Labels ?? {},
    state: containerState(state.Status),
    createdAt: new Date(wire.Created).toISOString(),
    // A stopped container has no ports bound, yet it has those that it will bind.
    ports: bound.length > 0 ? bound : detailPorts(host.PortBindings),
    pid: running ? state.Pid : 0,
    exitCode: running || state.Status === 'created' || state.Status === 'configured' ? undefined : state.ExitCode,
    oomKilled: state.OOMKilled ?? false,
    error: state.Error ?? '',
    startedAt: time(state.StartedAt),
    finishedAt: running ? undefined : time(state.FinishedAt),
    health: health(state.Health?.Status),
    restartCount: wire.RestartCount ?? 0,
    mounts: [...(wire.Mounts ?? []).map(mount), ...Object.keys(host.Tmpfs ?? {}).map((target) => ({ type: 'tmpfs', target }) as const)].filter(
      (one, index, all) => all.findIndex((other) => other.target === one.target) === index,
    ),
    env: config.Env ?? [],
    user: config.User ?? '',
    workingDir: config.WorkingDir ?? '',
    hostname: config.Hostname ?? '',
    resources: resources(host),
    networks: Object.fromEntries(
      Object.entries(wire.NetworkSettings.Networks ?? {}).map(([name, network]) => [
        name,
        { address: network.IPAddress ?? '', gateway: network.Gateway ?? '' },
      ]),
    ),
    tty: config.Tty ?? false,
    init: host.Init ?? false,
  };
}

/** Podman has words of its own for what Docker calls created, running and exited. */
export function containerState(word: string): ContainerState {
  switch (word) {
    case 'created':
    case 'configured':
    case 'initialized':
      return 'created';
    case 'running':
    case 'stopping':
      return 'running';
    case 'paused':
    case 'restarting':
    case 'removing':
    case 'dead':
      return word;
    default:
      return 'exited';
  }
}

/** Absent on Docker, `{Status: ""}` on Podman, where there is no health check. */
function health(status: string | undefined): Health {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

/** Both engines write the year 1 for "never". */
function time(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text.startsWith('0001-') ? undefined : new Date(text).toISOString();
}

function mount(wire: WireMount): Mount {
  const type = wire.Type === 'volume' || wire.Type === 'tmpfs' ? wire.Type : 'bind';
  const source = type === 'volume' ? wire.Name : wire.Source;
  return {
    type,
    target: wire.Destination,
    ...(source === undefined || source === '' || type === 'tmpfs' ? {} : { source }),
    ...(wire.RW === false ? { readOnly: true } : {}),
  };
}

function resources(host: WireContainer['HostConfig']): Resources {
  return {
    ...(host.Memory ? { memoryBytes: host.Memory } : {}),
    ...(host.NanoCpus ? { cpus: host.NanoCpus / 1e9 } : {}),
    ...(host.PidsLimit && host.PidsLimit > 0 ? { pids: host.PidsLimit } : {}),
  };
}

function summaryPort(port: WirePort): PortBinding {
  return binding(port.PrivatePort, port.Type, port.PublicPort ?? 0, port.IP);
}

function detailPorts(ports: WirePortMap | null | undefined): readonly PortBinding[] {
  return dedupe(
    Object.entries(ports ?? {}).flatMap(([key, bindings]) => {
      const [port = '', protocol = 'tcp'] = key.split('/');
      return (bindings ?? []).map((one) => binding(Number(port), protocol, Number(one.HostPort || 0), one.HostIp));
    }),
  );
}

function binding(container: number, protocol: string, host: number, address: string | undefined): PortBinding {
  // Podman leaves the address empty where it means all.
  return { container, protocol: protocol === 'udp' ? 'udp' : 'tcp', host, address: address || '0.0.0.0' };
}

function dedupe(ports: readonly PortBinding[]): readonly PortBinding[] {
  const key = (port: PortBinding) => `${port.address}:${port.host}:${port.container}/${port.protocol}`;
  return ports.filter((port, index) => ports.findIndex((other) => key(other) === key(port)) === index);
}
