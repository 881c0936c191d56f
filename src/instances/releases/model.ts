import type { EngineRef } from '../../engine/model.ts';
import type { HealthSettings, InstanceKind, InstancePaths } from '../model.ts';

/** `.slipway/service.yml`: how a repository's service is built and run. */
export interface ServiceDefinition {
  /** Default: the repository's folder name. */
  readonly service: string;
  readonly kind: InstanceKind;
  /** A `sh -c` line, run in the tag's tree, that has to leave `image`. `undefined`: the image is built from `dockerfile`. */
  readonly build: string | undefined;
  /** Reference of the image that `build` leaves; `{version}` stands for the version. */
  readonly image: string | undefined;
  /** Default `Dockerfile`; its context is the tree. `undefined` with `image` alone and no `build`: the image is pulled. */
  readonly dockerfile: string | undefined;
  /** Paths and globs of the tree that go into the release's `files/`. */
  readonly files: readonly string[];
  /** Paths in `files/` without which a release is not whole. */
  readonly requiredFiles: readonly string[];
  readonly requiredSecrets: readonly string[];
  /** The service's own port. Default 8080. */
  readonly port: number;
  readonly health: Partial<HealthSettings>;
  readonly metrics: string | undefined;
  readonly paths: Partial<InstancePaths>;
  /** Of a `process`: program and arguments, relative to `files/`. Of a container: instead of the image's. */
  readonly command: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly stopTimeoutSeconds: number | undefined;
}

/** `manifest.yml` of a release. */
export interface Manifest {
  readonly service: string;
  readonly version: string;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly gitCommit: string;
  /** The repository that it was built from. */
  readonly repository: string;
  /** The image's id (`sha256:…`) once it is loaded. */
  readonly imageDigest: string;
  /** SHA-256 by path in the release: `image.tar` and each of `files/`; a link's is of its target. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of the above: the release's identity. */
  readonly digest: string;
  /** The engine that has its image since. */
  readonly builtOn: EngineRef;
  /** As the tag had it. */
  readonly definition: ServiceDefinition;
}

export interface ReleaseRef {
  readonly service: string;
  readonly version: string;
}

export interface Release extends Manifest {
  readonly directory: string;
}
