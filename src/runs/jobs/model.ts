import type { Json } from '../../operations/model.ts';
import type { JobFacts, JobState, PlannedJob, RunEvent } from '../model.ts';
import type { Executor } from '../executors/model.ts';
import type { FunctionRequest } from '../pipeline/run-function.ts';

/** One attempt of a job, as the driver asks for it. */
export interface JobRequest {
  readonly job: PlannedJob;
  /** From 1. */
  readonly attempt: number;
  readonly executor: Executor;
  /** On the host: the folder that both sides see as the channel. */
  readonly channel: string;
  /** The run's record folder: logs go to `jobs/<id>/<n>.log` below it. */
  readonly record: string;
  /** Variables that every step gets (`CI`, `SLIPWAY_RUN`, …). */
  readonly env: Readonly<Record<string, string>>;
  /** Values by name; only those the job names are handed on. Everything written is masked with all of the run's. */
  readonly secrets: ReadonlyMap<string, string>;
  /** What the needed jobs gave, by name. */
  readonly needs: Readonly<Record<string, { readonly state: JobState; readonly output: Json }>>;
  /** What a function gets besides: nothing of it is needed for steps. */
  readonly script: Pick<FunctionRequest, 'paths' | 'env' | 'push'>;
  /** Grace between TERM and KILL of a step's process tree. */
  readonly graceSeconds: number;
  /** Aborted to cancel this job: its tree is ended and the record says so. */
  readonly cancel: AbortSignal;
  /** The supervisor was started by a driver that died: follow it instead of starting one. */
  readonly adopted: boolean;
  onEvent(event: Extract<RunEvent, { event: 'step-start' | 'step-end' }>): void;
}

/** How an attempt ended. */
export interface JobEnd extends JobFacts {
  readonly state: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  /** One sentence, masked, where it did not succeed. */
  readonly message?: string;
  /** What a function returned; `null` otherwise. */
  readonly output: Json;
}
