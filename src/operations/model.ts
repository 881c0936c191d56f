import type { Engine, EngineRef, PullProgress } from '../engine/model.ts';
import type { Env, Paths } from '../state/paths.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface Clock {
  now(): Date;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a person sees beside the result; the program writes it to stderr. */
export interface Out {
  /** What is being done, replaced by the next on a terminal. */
  progress(text: string): void;
  /** A line that stays. */
  note(text: string): void;
  warn(text: string): void;
  /** Another program's output, such as a build's, as it comes. */
  raw(text: string): void;
  /** For a program that shows a pull itself: each thing that the engine tells of a layer. */
  pulled?(progress: PullProgress): void;
}

/** Who uses Slipway: the owner of workspaces. */
export interface Person {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** What every verb is given. Made in `app/`; nothing of it is global. */
export interface App {
  readonly paths: Paths;
  readonly env: Env;
  readonly person: Person;
  readonly clock: Clock;
  readonly out: Out;
  /** Aborted by Ctrl-C, SIGTERM and a closed terminal. */
  readonly signal: AbortSignal;
  /** Print the plan, change nothing. */
  readonly dryRun: boolean;
  /** What was typed, for the journal; secrets are not in it. */
  readonly command: string;
  /** This install's id; E_INSTALL_FOREIGN where the state was copied from elsewhere. */
  installId(): Promise<string>;
  /** The engine that new things are made on. */
  engine(): Promise<Engine>;
  /** The engine that holds an existing thing. */
  engineAt(ref: EngineRef): Engine;
  readonly registry: Registry;
}

/** One thing to do, as plain data: it is printed by `--dry-run`, written to the journal, and carried out by its kind. */
export interface Step {
  /** `noun.verb`, such as `container.start`. */
  readonly do: string;
  /** After it the operation goes forward on a crash, before it back. At most one in a plan. */
  readonly commit?: true;
  readonly [key: string]: Json | undefined;
}

export interface StepContext {
  readonly app: App;
  /** Id of the operation: what a step makes carries it. */
  readonly operation: string;
  /** Names a started child's process group, so that recovery can end it. */
  child(pid: number): Promise<void>;
}

export interface StepKind {
  readonly do: string;
  /** One line for a person: `Start container demo-cli-1`. */
  describe(step: Step): string;
  apply(context: StepContext, step: Step): Promise<void>;
  /** Cannot be repeated: where its result is unknown it is reported, not run again. */
  readonly once?: boolean;
  /** For a kind used as `commit`: whether it happened, asked where a crash fell between intent and done. */
  isDone?(context: StepContext, step: Step): Promise<boolean>;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Undoes the steps before the commit; every one can be repeated. Also run where a step before the commit fails. */
  readonly otherwise?: readonly Step[];
}

/**
 * A changing verb as data, so that the next command can recover it: `wanted` is journaled, the rest is looked up by `name`.
 * `observe` and `plan` run under the lock; `plan` is pure and throws `SlipwayError` where the state forbids the verb.
 */
export interface Verb<Wanted = Json, State = unknown> {
  /** `noun.verb`, such as `task.stop`. */
  readonly name: string;
  /** Names under `locks/`, taken in this order. */
  locks(wanted: Wanted): readonly string[];
  /** How long it waits for each of them. Default 60 s. */
  readonly lockTimeoutMs?: number;
  /** Where something was cut off on what it locks, it is refused (E_BUSY). Default: that is settled first. */
  readonly refusesCutOff?: true;
  observe(app: App, wanted: Wanted): Promise<State>;
  plan(state: State, wanted: Wanted): Plan;
  /** For recovery: whether what was wanted is already so, where `plan` would complain. */
  reached?(state: State, wanted: Wanted): boolean;
  /** One line for a person: `stop task 1 of demo`. */
  describe(wanted: Wanted): string;
}

/** Finds step kinds and verbs by name, loading the room that has them only then. */
export interface Registry {
  stepKind(name: string): Promise<StepKind>;
  verb(name: string): Promise<Verb | undefined>;
}

export interface Changed<State> {
  /** What was true before. */
  readonly before: State;
  readonly plan: Plan;
  /** `undefined`: nothing had to be done, or `--dry-run`. */
  readonly operation: string | undefined;
}
