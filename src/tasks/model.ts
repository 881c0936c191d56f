import type { ContainerState, EngineRef } from '../engine/model.ts';

/** `cli`: a container that stays up for people and agents to enter. `run`: one headless run of an agent. `web` is a later issue's. */
export type TaskMode = 'cli' | 'run';

export interface TaskRef {
  readonly project: string;
  readonly task: string;
}

/** One headless run of an agent in a task. */
export interface TaskRun {
  readonly agent: string;
  readonly prompt: string;
  /** 0: no limit. */
  readonly timeoutSeconds: number;
  readonly startedAt: string;
  readonly end?: RunEnd;
}

export interface RunEnd {
  /** The agent's own; 124 where the time limit ended it; `undefined` where nobody can tell. */
  readonly exitCode?: number;
  /** `lost`: the container is gone and left no record. */
  readonly reason: 'exited' | 'timeout' | 'stopped' | 'lost';
  readonly at: string;
}

/** `projects/<p>/tasks/<id>.yml`, a machine file: format 1. What the engine knows is not in it. */
export interface TaskMetadata {
  readonly id: string;
  readonly project: string;
  readonly name?: string;
  readonly createdAt: string;
  /** Set by the first run, and kept: `restart` uses it. */
  readonly mode?: TaskMode;
  /** The engine that holds the container. */
  readonly engine?: EngineRef;
  /** When the workspace was filled from the repository; `undefined`: not yet. */
  readonly seededAt?: string;
  readonly run?: TaskRun;
}

export interface ContainerName {
  readonly project: string;
  readonly mode: TaskMode;
  readonly task: string;
}

export const containerName = ({ project, mode, task }: ContainerName) => `${project}-${mode}-${task}`;

/** What a container is called while its successor is made. */
export const asideName = (name: string) => `${name}-replaced`;

/** The state that a person sees: the engine's, or what stands for it where there is no container. */
export type TaskState = ContainerState | 'never-run' | 'not-found' | 'unknown';

export interface TaskProblem {
  /** `stale` `gone` `mode` `engine` … */
  readonly kind: 'stale' | 'mismatch' | 'engine';
  readonly message: string;
  /** A command that mends it. */
  readonly fix?: string;
}

/** A task as lists and status show it. */
export interface TaskStatus {
  readonly id: string;
  readonly project: string;
  readonly name: string | undefined;
  readonly mode: TaskMode | undefined;
  readonly state: TaskState;
  readonly container: string | undefined;
  readonly containerId: string | undefined;
  readonly engine: EngineRef | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly workspace: string;
  readonly run: TaskRun | undefined;
  readonly problems: readonly TaskProblem[];
}

/** As people see it: Podman says `created` also of a container that ran until a power cut, and a task's container was started when it was made. */
export const shownState = (state: ContainerState): ContainerState => (state === 'created' ? 'exited' : state);

export const isStopped = (state: ContainerState) => state === 'created' || state === 'exited' || state === 'dead';
