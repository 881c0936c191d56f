// Longer than other files: it is the whole contract that both dialects fulfil, and is read as one.
import type { Readable, Writable } from 'node:stream';

export type EngineKind = 'docker' | 'podman';

/** `vm`: Docker Desktop or podman machine (files shared, ports forwarded); `remote`: neither. */
export type Locality = 'local' | 'vm' | 'remote';

/** What a resource records of the engine that holds it. */
export interface EngineRef {
  readonly kind: EngineKind;
  /** `unix:///path`, `tcp://host:port`, `ssh://[user@]host[:port][/path]`. */
  readonly endpoint: string;
  /** Docker's own ID; on Podman, which has none, a digest of host name, user and storage root. */
  readonly identity: string;
}

export interface EngineInfo extends EngineRef {
  readonly version: string;
  readonly apiVersion: string;
  readonly rootless: boolean;
  readonly locality: Locality;
  /** Of the engine's own machine: `linux`. */
  readonly os: string;
  /** `amd64`, `arm64`. */
  readonly arch: string;
  readonly cgroupVersion: 1 | 2;
  readonly cgroupDriver: string;
  readonly storageDriver: string;
  readonly storageRoot: string;
  /** Podman's folder for what lives until a reboot; empty on Docker. */
  readonly runRoot: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Podman's, such as `crun 1.8.1`; empty where the engine does not say. */
  readonly ociRuntime: string;
  readonly warnings: readonly string[];
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For the whole call; for a stream, until its first byte. Default 60 s; `pull`, `build`, `wait` have none. */
  readonly timeoutMs?: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface ImageSummary {
  readonly id: string;
  /** As a person would type them: Podman's `localhost/` and `docker.io/library/` are taken off. */
  readonly tags: readonly string[];
  readonly labels: Labels;
  readonly createdAt: string;
  readonly sizeBytes: number;
}

export interface ImageDetails extends ImageSummary {
  readonly digests: readonly string[];
  readonly os: string;
  readonly arch: string;
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly exposedPorts: readonly string[];
  readonly hasHealthcheck: boolean;
  /** Its HEALTHCHECK as the image has it: `['CMD-SHELL', 'line']` or `['CMD', 'program', …]`. Absent where it has none. */
  readonly healthTest?: readonly string[];
}

export interface PullProgress {
  readonly layer?: string;
  readonly status: string;
  readonly currentBytes?: number;
  readonly totalBytes?: number;
}

export interface ImageImportOptions extends CallOptions {
  /** Dockerfile instructions applied to the new image, such as `CMD ["sh"]`, `LABEL a=b`. */
  readonly changes?: readonly string[];
}

export interface ImageBuildOptions extends CallOptions {
  /** A tar archive: the context, with the Dockerfile in it. */
  readonly context: Readable;
  /** Path in the context. Default `Dockerfile`. */
  readonly dockerfile?: string;
  readonly tags?: readonly string[];
  readonly labels?: Labels;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly noCache?: boolean;
  readonly pull?: boolean;
  /** The engine's own progress text, as it comes. */
  readonly onProgress?: (text: string) => void;
}

export interface ImageFilter extends CallOptions {
  readonly labels?: Labels;
  readonly reference?: string;
  readonly dangling?: boolean;
}

export interface Images {
  list(filter?: ImageFilter): Promise<readonly ImageSummary[]>;
  /** `undefined`: the engine answered that there is none. Any other failure throws. */
  inspect(reference: string, options?: CallOptions): Promise<ImageDetails | undefined>;
  tag(reference: string, tag: string, options?: CallOptions): Promise<void>;
  /** Takes a tag off, or removes the image with its last tag. `false`: there was none. Throws E_IN_USE where a container needs it. */
  remove(reference: string, options?: CallOptions & { readonly force?: boolean }): Promise<boolean>;
  /** Makes an image of a root file system's tar (plain, gzip, xz, zstd) and gives its id. */
  import(archive: Readable, tag: string, options?: ImageImportOptions): Promise<string>;
  /** A tar that `load` takes, with these references in it. */
  save(references: readonly string[], options?: CallOptions): Promise<Readable>;
  /** Gives the references (or ids) that were loaded. */
  load(archive: Readable, options?: CallOptions): Promise<readonly string[]>;
  pull(reference: string, options?: CallOptions & { readonly onProgress?: (progress: PullProgress) => void }): Promise<string>;
  /** Through the API, for where the engine's own program is missing. Gives the image's id. */
  build(options: ImageBuildOptions): Promise<string>;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** `none` where the container has no health check. */
export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface PortBinding {
  /** In the container. */
  readonly container: number;
  readonly protocol: 'tcp' | 'udp';
  /** On the host; 0 asks the engine for a free one. */
  readonly host: number;
  /** Default `127.0.0.1`. */
  readonly address?: string;
}

export interface Mount {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  /** Host path or volume name; none for tmpfs. */
  readonly source?: string;
  readonly target: string;
  readonly readOnly?: boolean;
  /** SELinux: `shared` is `:z`. Only ever given where the engine's host enforces it. */
  readonly relabel?: 'shared';
}

export interface Resources {
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
  /** `all`, or a count. */
  readonly gpus?: 'all' | number;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly hostname?: string;
  readonly mounts?: readonly Mount[];
  readonly ports?: readonly PortBinding[];
  readonly resources?: Resources;
  readonly capDrop?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly securityOpt?: readonly string[];
  /** An init process as PID 1. Default true. */
  readonly init?: boolean;
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  /** `host`, `none`, `bridge` (the default) or a network's name. */
  readonly network?: string;
  readonly extraHosts?: readonly string[];
  /** Podman: `keep-id`, `keep-id:uid=1000,gid=1000`. */
  readonly userNamespace?: string;
  /** What `stop` waits when it is not told. Default 10. */
  readonly stopTimeoutSeconds?: number;
  /** What `stop` sends first. Default: the image's, else TERM. */
  readonly stopSignal?: NodeJS.Signals;
  readonly shmBytes?: number;
  /** `test: ['NONE']` switches the image's off. */
  readonly healthcheck?: Healthcheck;
}

export interface Healthcheck {
  readonly test: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  readonly retries?: number;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly labels: Labels;
  readonly state: ContainerState;
  readonly createdAt: string;
  readonly ports: readonly PortBinding[];
}

export interface ContainerDetails extends ContainerSummary {
  readonly pid: number;
  readonly exitCode: number | undefined;
  /** The engine's own word. False does not prove that nothing was killed for memory. */
  readonly oomKilled: boolean;
  readonly error: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly health: Health;
  readonly restartCount: number;
  readonly mounts: readonly Mount[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly hostname: string;
  readonly resources: Resources;
  readonly networks: Readonly<Record<string, { readonly address: string; readonly gateway: string }>>;
  readonly tty: boolean;
  readonly init: boolean;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

export interface LogOptions extends CallOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: Date;
  readonly timestamps?: boolean;
}

export interface ExecSpec {
  readonly command: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  /** Whether stdin is given to the command. */
  readonly stdin?: boolean;
  readonly privileged?: boolean;
}

/** A running exec. Closing the streams does not end the process inside: only a signal from within the container does. */
export interface ExecSession {
  readonly id: string;
  /** Present with `stdin`. End it to give the command its end of file. */
  readonly stdin: Writable | undefined;
  /** With a TTY all comes as stdout. */
  readonly output: AsyncIterable<LogChunk>;
  resize(columns: number, rows: number): Promise<void>;
  /** After `output` has ended. */
  exitCode(): Promise<number>;
}

export interface ContainerStats {
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly readAt: string;
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly error?: string;
}

export interface ContainerFilter extends CallOptions {
  readonly labels?: Labels;
  readonly name?: string;
  /** Default true: stopped ones too. */
  readonly all?: boolean;
}

export interface Containers {
  /** Gives the id. E_NAME_TAKEN where the name is in use, E_NO_IMAGE where the image is not there, E_PORT_TAKEN never here: ports bind at start. */
  create(spec: ContainerSpec, options?: CallOptions): Promise<string>;
  /** E_PORT_TAKEN where a port is bound. Starting a running one is fine. */
  start(id: string, options?: CallOptions): Promise<void>;
  /** TERM, then KILL after the timeout; returns when it has stopped. `false`: it was not running. */
  stop(id: string, options?: CallOptions & { readonly timeoutSeconds?: number }): Promise<boolean>;
  kill(id: string, signal: NodeJS.Signals, options?: CallOptions): Promise<void>;
  /** With `force` a running one is killed first (Podman would wait out its stop timeout). Anonymous volumes go too. `false`: there was none. */
  remove(id: string, options?: CallOptions & { readonly force?: boolean }): Promise<boolean>;
  pause(id: string, options?: CallOptions): Promise<void>;
  unpause(id: string, options?: CallOptions): Promise<void>;
  rename(id: string, name: string, options?: CallOptions): Promise<void>;
  /** By id or name. `undefined`: the engine answered that there is none. */
  inspect(id: string, options?: CallOptions): Promise<ContainerDetails | undefined>;
  /** One request. */
  list(filter?: ContainerFilter): Promise<readonly ContainerSummary[]>;
  logs(id: string, options?: LogOptions): AsyncIterable<LogChunk>;
  /** Until it is not running. */
  wait(id: string, options?: CallOptions): Promise<ContainerExit>;
  exec(id: string, spec: ExecSpec, options?: CallOptions): Promise<ExecSession>;
  /** Podman leaves checks to timers of systemd, which may not be there: it makes one now. Docker makes them by itself, and tells the last. */
  checkHealth(id: string, options?: CallOptions): Promise<Health>;
  stats(id: string, options?: CallOptions): Promise<ContainerStats>;
  /** Gives the image's id. */
  commit(id: string, tag: string, options?: CallOptions & { readonly changes?: readonly string[]; readonly pause?: boolean }): Promise<string>;
  /** A tar of the path, a link as a link; works on stopped containers. `undefined`: no such path. */
  archiveOut(id: string, path: string, options?: CallOptions): Promise<Readable | undefined>;
  archiveIn(id: string, directory: string, archive: Readable, options?: CallOptions): Promise<void>;
}

export interface VolumeDetails {
  readonly name: string;
  readonly labels: Labels;
  readonly mountpoint: string;
  readonly createdAt: string;
}

export interface Volumes {
  /** Idempotent: an existing volume of that name is given back. */
  create(name: string, options?: CallOptions & { readonly labels?: Labels; readonly driverOptions?: Readonly<Record<string, string>> }): Promise<VolumeDetails>;
  inspect(name: string, options?: CallOptions): Promise<VolumeDetails | undefined>;
  list(filter?: CallOptions & { readonly labels?: Labels }): Promise<readonly VolumeDetails[]>;
  /** E_IN_USE where a container has it. `false`: there was none. */
  remove(name: string, options?: CallOptions): Promise<boolean>;
}

export interface NetworkDetails {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string | undefined }[];
}

export interface Networks {
  /** Gives the id. E_NAME_TAKEN where there is one. */
  create(name: string, options?: CallOptions & { readonly labels?: Labels; readonly internal?: boolean }): Promise<string>;
  inspect(name: string, options?: CallOptions): Promise<NetworkDetails | undefined>;
  list(filter?: CallOptions & { readonly labels?: Labels }): Promise<readonly NetworkDetails[]>;
  remove(name: string, options?: CallOptions): Promise<boolean>;
  connect(name: string, container: string, options?: CallOptions & { readonly aliases?: readonly string[] }): Promise<void>;
  disconnect(name: string, container: string, options?: CallOptions): Promise<void>;
}

/** The two engines' event names, made one. */
export interface EngineEvent {
  readonly type: 'container' | 'image' | 'volume' | 'network';
  /** `create` `start` `die` `stop` `kill` `destroy` `exec-die` `oom` `health` …; Podman's `died`, `remove`, `exec_died` become Docker's. */
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly at: string;
}

export interface EventFilter extends CallOptions {
  readonly since?: Date;
  readonly until?: Date;
  readonly labels?: Labels;
  readonly types?: readonly EngineEvent['type'][];
}

/**
 * A Docker or Podman service. Every call throws `SlipwayError`:
 * E_ENGINE_UNREACHABLE (no answer, or the connection broke), E_ENGINE_PERMISSION, E_ENGINE_TIMEOUT, E_ENGINE (it refused, with its words),
 * E_NO_SUCH (a container, image … that the call needs is not there), E_CONFLICT (the state forbids it), and those named at a call.
 */
export interface Engine {
  readonly kind: EngineKind;
  readonly endpoint: string;
  /** Milliseconds of the round trip. */
  ping(options?: CallOptions): Promise<number>;
  /** Asked once, then kept. */
  info(options?: CallOptions): Promise<EngineInfo>;
  readonly images: Images;
  readonly containers: Containers;
  readonly volumes: Volumes;
  readonly networks: Networks;
  events(filter?: EventFilter): AsyncIterable<EngineEvent>;
  /** The engine's own program, told to talk to this endpoint: `['docker', '-H', 'unix://…']`, and the environment to run it with. */
  program(): { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string | undefined>> };
  /** Closes kept connections, so that the process can end. */
  close(): void;
}
