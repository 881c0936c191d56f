import type { JobState } from '../model.ts';

/** The settings of a pipeline in TypeScript; they are ci.yml's. */

/** A line for `sh -c`, or a program and its arguments, which no shell reads. */
export type Command = string | readonly (string | number)[];

/** Values are kept as texts. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

/** `90s`, `10m`, `1h30m`: at least a second, at most 168 hours. */
export type Limit = string;

export interface StepSettings {
  /** Default: the command's first line. */
  readonly name?: string;
  readonly run: Command;
  readonly env?: Variables;
  /** Relative to the workspace. Default: the job's. */
  readonly cwd?: string;
  readonly timeout?: Limit;
}

export interface ServiceSettings {
  readonly image: string;
  /** A program and its arguments. Default: the image's. */
  readonly command?: readonly (string | number)[];
  readonly env?: Variables;
  /** A command run inside it until it succeeds. Every 2 s, for 60 s, unless said otherwise. */
  readonly health?: Command | { readonly command: Command; readonly interval?: Limit; readonly timeout?: Limit };
}

export interface FunctionSettings {
  /** Jobs, or their names. With a matrix: all of that job's, or one by its whole name, `test (node=20)`. */
  readonly needs?: Job | string | readonly (Job | string)[];
  readonly env?: Variables;
  /** Relative to the workspace. */
  readonly cwd?: string;
  /** Of the whole job, each attempt. */
  readonly timeout?: Limit;
  /** Further attempts after a failure. Default 0. */
  readonly retry?: number;
  /** A job for each combination of values, which steps get as `MATRIX_<KEY>`. */
  readonly matrix?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** A failure does not fail the run. Default false. */
  readonly allowFailure?: boolean;
  /** Runs also where a need failed or the run was cancelled. Default false. */
  readonly always?: boolean;
  /** Side containers by their host names: an image, or more of it. */
  readonly services?: Readonly<Record<string, string | ServiceSettings>>;
  /** Names of secrets. */
  readonly secrets?: readonly string[];
  /** Paths and globs that are kept after the job. */
  readonly artifacts?: readonly string[];
  /** Folders that are kept between runs. */
  readonly cache?: readonly { readonly key: string; readonly path: string }[];
}

export interface JobSettings extends FunctionSettings {
  readonly steps: readonly (Command | StepSettings)[];
}

export interface PipelineSettings {
  /** An image instead of `.slipway/Dockerfile`. */
  readonly image?: string;
  /** Default: `container` where there is an image or a Dockerfile, else `host`. */
  readonly executor?: 'container' | 'host';
  /** Of all jobs. */
  readonly env?: Variables;
  /** Limits of the run's container and of each service. */
  readonly resources?: { readonly memory?: string | number; readonly cpus?: number; readonly pids?: number };
  readonly jobs: readonly Job[];
}

export interface ShOptions {
  /** Relative to the workspace. Default: the job's. */
  readonly cwd?: string;
  readonly env?: Variables;
  /** Whether an exit code other than 0 throws. Default true. */
  readonly check?: boolean;
  readonly timeout?: Limit;
}

export interface ShResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The command, as one line of text. */
  readonly cmd: string;
}

/** What is tested. */
export interface Push {
  /** The full id of the commit; with `dirty` the one that the changes are made on. */
  readonly sha: string;
  /** As git names it, such as `refs/heads/main`; `undefined` where the revision names none. */
  readonly ref?: string;
  readonly branch?: string;
  readonly tag?: string;
  /** Changes that are not committed are tested too. */
  readonly dirty: boolean;
}

/** How a needed job ended, and what its function returned. */
export interface Needed {
  readonly state: JobState;
  /** JSON; `null` where the job is no function. */
  readonly output: unknown;
}

export interface JobContext {
  /** Runs a command where the pipeline's steps run. Throws ShError where it exits with another code than 0, unless `check: false`. */
  sh(command: Command, options?: ShOptions): Promise<ShResult>;
  /** The value of a secret that the job names under `secrets`. It is masked in everything that is kept. */
  secret(name: string): Promise<string>;
  /** By the name of the job; of a matrix by each whole name. */
  readonly needs: Readonly<Record<string, Needed>>;
  readonly push: Push;
  /** This job's values. Without a matrix it is empty. */
  readonly matrix: Readonly<Record<string, string>>;
  /** Ends the job as skipped. */
  skip(reason?: string): never;
}

/** Made by `job`. */
export interface Job {
  readonly name: string;
  readonly kind: 'job';
}

/** Made by `pipeline`. */
export interface Pipeline {
  readonly kind: 'pipeline';
}

/** What it returns has to be JSON, and is `needs[name].output` of jobs that need this one. */
export type JobFunction = (context: JobContext) => unknown;
