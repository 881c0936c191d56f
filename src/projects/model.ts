/** Where a project's L0 starts: an image reference, or a distribution's packages where no registry can be reached. */
export type Base = string | BootstrapBase;

export interface BootstrapBase {
  readonly bootstrap: 'debian' | 'ubuntu';
  /** `bookworm`, `noble` … */
  readonly suite: string;
  /** Packages beside the distribution's minimal set. */
  readonly packages: readonly string[];
  /** Default: the distribution's own (`main`). */
  readonly components: readonly string[];
}

/** Whose name commits carry. */
export interface Human {
  readonly name: string | undefined;
  readonly email: string | undefined;
}

export interface ProjectMount {
  /** An absolute path on the host. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ProjectPort {
  readonly container: number;
  /** 0: the engine chooses a free one. */
  readonly host: number;
  /** Default `127.0.0.1`. */
  readonly address: string;
  readonly protocol: 'tcp' | 'udp';
}

/** What a file says about resources; `undefined` is "not said". */
export interface ResourceSettings {
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly pids: number | undefined;
  /** `all`, or a count. */
  readonly gpus: 'all' | number | undefined;
}

export type Hardening = 'standard' | 'strict';

/** A snippet of Dockerfile lines for L2: in project.yml itself, or in a file beside it. */
export type Snippet = string | { readonly file: string };

export interface BuildSettings {
  /** Network that builds run in: `host`, `none`, or a network's name. */
  readonly network: string | undefined;
}

/** One project.yml as it was written; `undefined` where it says nothing. */
export interface Project {
  readonly id: string;
  /** SSH, HTTPS, git:// or file:// address, or an absolute path on the host. */
  readonly repository: string | undefined;
  /** Default: the upstream's. */
  readonly branch: string | undefined;
  readonly human: Human;
  readonly base: Base | undefined;
  readonly snippet: Snippet | undefined;
  readonly agents: readonly string[] | undefined;
  readonly defaultAgent: string | undefined;
  readonly mounts: readonly ProjectMount[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly ProjectPort[];
  readonly resources: ResourceSettings;
  readonly hardening: Hardening | undefined;
  /** What `stop` waits before it kills. */
  readonly shutdownTimeoutSeconds: number | undefined;
  /** Network of the project's containers. */
  readonly network: string | undefined;
  readonly trustHostCa: boolean | undefined;
  readonly build: BuildSettings;
}

/** Where the value of a secret comes from: a variable of the host, a file's content, or what a command prints. */
export type SecretSource = { readonly env: string } | { readonly file: string } | { readonly command: readonly string[] };

/** How runs are run; `undefined` is "not said". */
export interface CiSettings {
  /** Runs at a time; the others wait in their order. */
  readonly maxRuns: number | undefined;
  /** Jobs of one run at a time. */
  readonly jobs: number | undefined;
  /** Images of a repository's runs that stay after their ends. */
  readonly keepImages: number | undefined;
  /** How long a run waits for an engine that went away. */
  readonly enginePatienceSeconds: number | undefined;
}

/** config.yml: a person's settings for all projects; a project's own settings win. */
export interface Config {
  /** `auto`, `docker`, `podman`, or a URL. */
  readonly engine: string | undefined;
  readonly agents: readonly string[] | undefined;
  readonly defaultAgent: string | undefined;
  readonly base: Base | undefined;
  readonly human: Human;
  readonly trustHostCa: boolean | undefined;
  readonly hardening: Hardening | undefined;
  readonly resources: ResourceSettings;
  readonly build: BuildSettings;
  readonly shutdownTimeoutSeconds: number | undefined;
  readonly ci: CiSettings;
  /** By the names that pipelines ask for. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
}

/** The names of settings that have a source worth telling. */
export type SettingName =
  | 'repository'
  | 'branch'
  | 'human'
  | 'base'
  | 'snippet'
  | 'agents'
  | 'defaultAgent'
  | 'mounts'
  | 'env'
  | 'ports'
  | 'resources'
  | 'hardening'
  | 'shutdownTimeoutSeconds'
  | 'network'
  | 'trustHostCa'
  | 'build';

/** `project and config`: parts come from both, as in `resources` and `human`. */
export type SettingSource = 'project' | 'config' | 'project and config' | 'default';

/** A project with every default filled in: what images and tasks are made from. */
export interface ResolvedProject {
  readonly id: string;
  readonly repository: string | undefined;
  /** `undefined`: the upstream's default branch. */
  readonly branch: string | undefined;
  readonly human: Human;
  readonly base: Base;
  /** The text itself; empty where there is none. */
  readonly snippet: string;
  readonly agents: readonly string[];
  /** Whether project.yml has a list of its own: then L1 is the project's too. */
  readonly ownAgents: boolean;
  readonly defaultAgent: string;
  readonly mounts: readonly ProjectMount[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly ProjectPort[];
  readonly resources: ResourceSettings & { readonly pids: number };
  readonly hardening: Hardening;
  readonly shutdownTimeoutSeconds: number;
  readonly network: string | undefined;
  /** `undefined`: where the host's bundle differs from the base's. */
  readonly trustHostCa: boolean | undefined;
  readonly build: BuildSettings;
  /** The folder of project.yml. */
  readonly configDir: string;
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
}

/** One line of a list: a broken file does not hide the others. */
export type ProjectEntry =
  | { readonly id: string; readonly project: Project; readonly error?: never }
  | { readonly id: string; readonly project?: never; readonly error: Error };
