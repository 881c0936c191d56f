import type { EngineRef, Mount, Resources } from '../engine/model.ts';

/** `container`: the engine runs the release's image. `process`: the host runs a program of the release, with its image loaded for it. */
export type InstanceKind = 'container' | 'process';

/** What an instance is made of. */
export type InstanceSource =
  | { readonly release: { readonly service: string; readonly version: string } }
  /** An image that is on the engine, or can be pulled. */
  | { readonly image: string };

/** How to ask a service whether it is well. */
export type HealthProbe =
  /** 2xx or 3xx at this path of the published port. */
  | { readonly kind: 'http'; readonly path: string }
  /** Exit code 0: in the container, or on the host for a process. */
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** The image's own HEALTHCHECK. */
  | { readonly kind: 'image' }
  /** The port accepts. An engine's port proxy accepts early: only where it is asked for. */
  | { readonly kind: 'tcp' }
  /** It has to stay up for the start period. */
  | { readonly kind: 'none' };

export interface HealthSettings {
  /** `undefined`: the image's HEALTHCHECK where it has one, else `none`. */
  readonly probe: HealthProbe | undefined;
  /** Default 1 s. */
  readonly intervalMs: number;
  /** Of one question. Default 3 s. */
  readonly timeoutMs: number;
  /** Failures within it do not count; without a probe it has to stay up for so long. Default 3 s. */
  readonly startPeriodMs: number;
  /** In a row. Default 2. */
  readonly passes: number;
  /** Until it has to be well. Default 30 s. */
  readonly waitMs: number;
  /** How long an update holds the old version ready. Default 10 s. */
  readonly soakMs: number;
}

/** Where the container has the instance's folders; absolute paths. */
export interface InstancePaths {
  /** `data/`. Default `/data`. */
  readonly data: string;
  /** `logs/`; `undefined`: not mounted. */
  readonly logs: string | undefined;
  /** A folder of the person's. */
  readonly projects: { readonly source: string; readonly target: string } | undefined;
}

/** `config.yml`, which a person may edit, with every default filled in. */
export interface InstanceConfig {
  readonly name: string;
  readonly kind: InstanceKind;
  readonly source: InstanceSource;
  /** Where further versions are built from: a path or an address. */
  readonly repository: string | undefined;
  readonly engine: EngineRef;
  /** Default 127.0.0.1. */
  readonly address: string;
  /** On the host. */
  readonly port: number;
  /** In the container: the service's own. */
  readonly containerPort: number;
  readonly paths: InstancePaths;
  /** Plain ones; those of `.env` win. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly limits: Resources;
  readonly health: HealthSettings;
  /** Of a container: instead of the image's. Of a process: the program and its arguments, relative to the release's files. */
  readonly command: readonly string[] | undefined;
  readonly user: string | undefined;
  readonly workingDir: string | undefined;
  readonly hostname: string | undefined;
  /** Default 30. */
  readonly stopTimeoutSeconds: number;
  /** HTTP path of the service's own figures. */
  readonly metrics: string | undefined;
  /** Names that `.env` has to have. */
  readonly requiredSecrets: readonly string[];
  /** Given to the service as JSON in `SLIPWAY_SETTINGS`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** `state.json`. */
export interface InstanceState {
  /** The instance's own, random: digests of secrets in its container's label cannot be guessed from a list of likely ones. */
  readonly salt: string;
  /** What a person asked for last: a supervisor and a reboot bring back what is to run. */
  readonly desired: 'running' | 'stopped';
  /** The version that serves: the image's id, or of a process its release's digest. */
  readonly digest: string | undefined;
  /** An update between the old version's stop and its end. */
  readonly update?: {
    readonly operation: string;
    /** ISO 8601. Once it was well, the data is the new version's, also after a rollback. */
    readonly healthyAt?: string;
    /** Why the new version is not taken, for the message and the history. */
    readonly failure?: string;
  };
}

/** A line of `.version-history`, oldest first. */
export interface HistoryEntry {
  /** A release's version, or an image's reference. */
  readonly version: string;
  readonly imageDigest: string;
  /** ISO 8601. */
  readonly updatedAt: string;
  readonly updatedBy: string;
  readonly outcome: 'created' | 'updated' | 'rolled-back' | 'update-failed';
  /** Of `update-failed`: why. */
  readonly reason?: string;
}

export interface InstanceRef {
  readonly instance: string;
}

/** `failed`: its supervisor gave up. `unknown`: its engine did not answer. */
export type InstanceStateWord = 'running' | 'starting' | 'unhealthy' | 'stopped' | 'exited' | 'restarting' | 'failed' | 'not-created' | 'unknown';

/** One difference between what is configured and what runs. */
export interface Drift {
  /** `env.LOG_LEVEL`, `mounts./srv`, `port`, `limits.memory`, `version` … */
  readonly key: string;
  /** `undefined`: there is none. Values of `.env` are shown as `***`. */
  readonly configured: string | undefined;
  readonly running: string | undefined;
}

/** Name of an instance's container, which serves. */
export const instanceContainer = (name: string) => `slipway-${name}`;
/** The next version's, before it serves. */
export const nextContainer = (name: string) => `slipway-${name}.next`;
/** The former version's, until the next one has held. */
export const previousContainer = (name: string) => `slipway-${name}.previous`;

export const versionOf = ({ source }: Pick<InstanceConfig, 'source'>) => ('release' in source ? source.release.version : source.image);
