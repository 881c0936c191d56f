import type { EngineRef, Resources } from '../engine/model.ts';
import type { Json } from '../operations/model.ts';

export type ExecutorKind = 'container' | 'host';

/**
 * What a pipeline compiles to, whatever it was written in: the contract of everything after it. Plain data, frozen, the same
 * bytes for the same input; `ci plan --json` prints it, `plan.json` of a run keeps it.
 */
export interface PipelinePlan {
  readonly format: 1;
  /** Where it was written: a path in the repository, `.slipway/ci.yml` or `.slipway/ci.ts`. */
  readonly source: string;
  readonly executor: ExecutorKind;
  /** An image that is there or can be pulled. `undefined`: built from `.slipway/Dockerfile` where the executor is `container`. */
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  /** `resources: { memory: 512m, cpus: 2, pids: 200 }`: limits of the run's container and of each service. Default: none but 4096 processes. */
  readonly resources?: Pick<Resources, 'memoryBytes' | 'cpus' | 'pids'>;
  /** In the order of the file; a matrix stands as its jobs, in the order of its values. */
  readonly jobs: readonly PlannedJob[];
}

export interface PlannedJob {
  /** Unique. One of a matrix: `test (node=20, os=alpine)`. */
  readonly name: string;
  /** Its folder below `jobs/`: the name made safe for a path, unique in the plan. */
  readonly id: string;
  /** The name in the file. `needs: [test]` means every job of that group. */
  readonly group: string;
  readonly matrix?: Readonly<Record<string, string>>;
  /** Names of jobs, groups resolved. */
  readonly needs: readonly string[];
  /** Runs also where a need failed or the run was cancelled. */
  readonly always: boolean;
  /** A failure of this job does not fail the run. */
  readonly allowFailure: boolean;
  /** Further attempts after a failure; 0: none. */
  readonly retry: number;
  /** Of the whole job, each attempt. `undefined`: no limit but the run's. */
  readonly timeoutSeconds?: number;
  /** With the pipeline's, the job's own winning. Not the matrix's: those are `MATRIX_<KEY>`, added when it runs. */
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the workspace; never leaves it. Default: the workspace. */
  readonly cwd: string;
  /** Names of secrets that its steps get, as variables of the same names. */
  readonly secrets: readonly string[];
  readonly services: readonly PlannedService[];
  /** Paths and globs relative to the workspace, kept after the job, also after a failed one. */
  readonly artifacts: readonly string[];
  readonly caches: readonly PlannedCache[];
  readonly work:
    | { readonly kind: 'steps'; readonly steps: readonly PlannedStep[] }
    | { readonly kind: 'function' /** SHA-256 of the tree of `.slipway/` that holds it. */; readonly hash: string };
}

export interface PlannedStep {
  /** What a person sees: the name given, else the command's first line. */
  readonly name: string;
  /** A string is `sh -c`'s; a list is an argv that no shell reads. */
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the workspace. `undefined`: the job's. */
  readonly cwd?: string;
  readonly timeoutSeconds?: number;
}

/** A side container, reached from steps by its name. One name means one definition in the whole pipeline. */
export interface PlannedService {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A command run inside it every `intervalSeconds` until it succeeds, for `timeoutSeconds` in all. `undefined`: the image's own HEALTHCHECK; where it has none, it must be running. */
  readonly health?: { readonly command: string | readonly string[]; readonly intervalSeconds: number; readonly timeoutSeconds: number };
}

/** Kept between runs of one repository. */
export interface PlannedCache {
  readonly key: string;
  /** In the workspace where it is relative. An absolute one needs the container executor. */
  readonly path: string;
}

/** How a run ended. Exactly one; a run without a completion record did not succeed. */
export type OutcomeKind =
  | 'succeeded'
  | 'command-failed'
  | 'timeout'
  | 'cancelled'
  | 'superseded'
  | 'out-of-memory'
  | 'container-died'
  | 'container-removed'
  | 'engine-lost'
  | 'image-build-failed'
  | 'image-pull-failed'
  | 'container-start-failed'
  | 'workspace-materialization-failed'
  | 'pipeline-invalid'
  | 'disk-full'
  | 'runner-crashed';

export interface Outcome {
  readonly kind: OutcomeKind;
  /** One sentence for a person. */
  readonly message: string;
  /** Whether the same run may end otherwise when it is tried again. */
  readonly retryable: boolean;
  /** What was seen that says so, as data: exit codes, counters, the engine's words. Secrets are masked. */
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  /** The job and step that decided it, where one did. */
  readonly job?: string;
  readonly step?: number;
}

/** What is tested. */
export interface RunSource {
  /** The repository's top folder: the worktree that the command was given in. */
  readonly repository: string;
  /** As typed; `HEAD` by default. */
  readonly revision: string;
  /** The full id of the commit. With `dirty` the one that the changes are made on. */
  readonly commit: string;
  /** The branch or tag that the revision names, for `--supersede`. */
  readonly ref?: string;
  readonly dirty: boolean;
}

/** `runs/<p>/<run-id>/run.yml`, a machine file. How a run ended stands in `outcome.json` alone. */
export interface RunRecord {
  readonly id: string;
  /** The repository's name made tag-safe: `<p>` of every path and of `slipway-ci/<p>:<run-id>`. */
  readonly repository: string;
  readonly createdAt: string;
  readonly source: RunSource;
  /** As it was asked for; else set once the pipeline is known. */
  readonly executor?: ExecutorKind;
  /** What names the engine, as `--engine` takes it: `docker`, `podman`, a URL. `undefined`: the person's usual one. */
  readonly engineWanted?: string;
  /** Where the executor is `container`. */
  readonly engine?: EngineRef;
  /** Names of the chosen jobs or groups; what they need runs too. `undefined`: all. */
  readonly jobs?: readonly string[];
  readonly timeoutSeconds?: number;
  /** Container and workspace stay after the end, to be looked at. */
  readonly keep: boolean;
  readonly supersede: boolean;
  /** The run that this one tries again. */
  readonly retryOf?: string;
  /** SHA-256 ids of the tree that was tested, set once the workspace stands. */
  readonly tree?: string;
}

export interface RunRef {
  readonly repository: string;
  readonly run: string;
}

/** Where a run is. `ended` ⇔ there is an `outcome.json`. */
export type RunPhase = 'queued' | 'workspace' | 'plan' | 'image' | 'container' | 'jobs' | 'teardown' | 'ended';

export type JobState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** `container.yml`: each key is written when it becomes known. Keys on disk are snake_case. */
export interface ContainerRecord {
  readonly imageTag?: string;
  readonly containerId?: string;
  readonly buildStartedAt?: string;
  readonly buildFinishedAt?: string;
  readonly containerStartedAt?: string;
  readonly containerStoppedAt?: string;
  /** The process group that builds the image, while it does: it outlives a driver that dies. */
  readonly buildProcess?: { readonly pid: number; readonly startTime: string; readonly bootId: string } | undefined;
}

export type Stream = 'stdout' | 'stderr';

/** A line of `events.jsonl`, written while the run goes on. Secrets are masked. */
export type RunEvent = { readonly at: string } & (
  | { readonly event: 'phase'; readonly phase: RunPhase }
  | { readonly event: 'driver'; readonly pid: number; readonly adopted: boolean }
  | {
      readonly event: 'job';
      readonly job: string;
      readonly state: JobState;
      readonly attempt: number;
      readonly reason?: string;
      readonly output?: Json;
      readonly facts?: JobFacts;
    }
  /** `log`: the number of `jobs/<id>/<log>.log`. */
  | { readonly event: 'step-start'; readonly job: string; readonly attempt: number; readonly log: number; readonly name: string }
  | { readonly event: 'step-end'; readonly job: string; readonly attempt: number; readonly log: number; readonly end: StepEnd }
  | { readonly event: 'note'; readonly text: string }
  | { readonly event: 'end'; readonly outcome: Outcome }
);

/** What decided how a job ended, for whoever has to judge it without having been there. */
export interface JobFacts {
  /** `step`: a step exited non-zero; `timeout`: the job's or a step's limit; `lost`: no completion record; `function`: the function threw. */
  readonly reason: 'done' | 'step' | 'timeout' | 'cancelled' | 'skipped' | 'function' | 'lost';
  /** The log's number and the record of the step that decided it. */
  readonly log?: number;
  readonly end?: StepEnd;
  /** Sum over its steps. */
  readonly oomKills: number;
}

/** How one step ended, from the supervisor's record. */
export interface StepEnd {
  readonly exitCode?: number;
  /** `lost`: there is no record. */
  readonly reason: 'exited' | 'timeout' | 'cancelled' | 'lost';
  readonly startedAt: string;
  readonly endedAt: string;
  /** Processes that the kernel killed for memory in the executor's cgroup while it ran; `undefined` where nothing counts them. */
  readonly oomKills?: number;
}
