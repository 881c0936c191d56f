/**
 * The parts of the engines' answers that this room reads, as they come over the wire. `types.test-d.ts` holds Docker's against `@docker/node-sdk`;
 * fields that one engine or an old version leaves out are optional.
 */

export interface WireImageSummary {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** Seconds. */
  readonly Created: number;
  readonly Size: number;
}

export interface WireImage {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Created?: string;
  readonly Size: number;
  readonly Os: string;
  readonly Architecture: string;
  readonly Config?: WireImageConfig | null;
}

export interface WireImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null;
}

/** Podman keeps the health check of an image beside its `Config`. */
export interface WirePodmanImage extends WireImage {
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null;
}

export interface WirePort {
  readonly IP?: string;
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

export interface WireContainerSummary {
  readonly Id: string;
  readonly Names?: readonly string[] | null;
  readonly Image: string;
  readonly ImageID: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly State: string;
  /** Seconds. */
  readonly Created: number;
  readonly Ports?: readonly WirePort[] | null;
}

export interface WireMount {
  readonly Type?: string;
  readonly Name?: string;
  readonly Source?: string;
  readonly Destination: string;
  readonly RW?: boolean;
}

export type WirePortMap = Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>>;

export interface WireContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly RestartCount?: number;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
    readonly Error?: string;
    readonly StartedAt?: string;
    readonly FinishedAt?: string;
    readonly Health?: { readonly Status?: string } | null;
  };
  readonly Config: {
    readonly Image?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Hostname?: string;
    readonly Tty?: boolean;
  };
  readonly HostConfig: {
    readonly Memory?: number;
    readonly NanoCpus?: number;
    readonly PidsLimit?: number | null;
    readonly Init?: boolean | null;
    readonly Tmpfs?: Readonly<Record<string, string>> | null;
    readonly PortBindings?: WirePortMap | null;
  };
  readonly Mounts?: readonly WireMount[] | null;
  readonly NetworkSettings: {
    readonly Ports?: WirePortMap | null;
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string; readonly Gateway?: string }>> | null;
  };
}

export interface WireVolume {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Mountpoint: string;
  readonly CreatedAt?: string;
}

export interface WireNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null } | null;
}

export interface WireDockerInfo {
  readonly ID: string;
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly CgroupDriver: string;
  readonly CgroupVersion?: string;
  readonly Driver: string;
  readonly DockerRootDir: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Warnings?: readonly string[] | null;
}

export interface WirePodmanInfo {
  readonly host: {
    readonly arch: string;
    readonly os: string;
    readonly hostname: string;
    readonly cpus: number;
    readonly memTotal: number;
    readonly cgroupManager: string;
    readonly cgroupVersion: string;
    readonly ociRuntime?: { readonly name?: string; readonly version?: string };
    readonly idMappings?: { readonly uidmap?: readonly { readonly host_id: number; readonly size: number }[] | null };
    readonly security: { readonly rootless: boolean };
  };
  readonly store: { readonly graphDriverName: string; readonly graphRoot: string; readonly runRoot: string };
  readonly version: { readonly Version: string };
}

export interface WireStats {
  readonly read: string;
  readonly cpu_stats?: WireCpu;
  readonly precpu_stats?: WireCpu;
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly pids_stats?: { readonly current?: number };
}

export interface WireCpu {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

export interface WireEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  readonly time?: number;
  readonly timeNano?: number;
}

/** A line of pull, import, load and build. */
export interface WireProgress {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly aux?: { readonly ID?: string };
}
