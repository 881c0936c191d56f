import type { LastExit, SupervisedProcess } from './file.ts';

/** What a supervisor sees of its service. */
export type Seen =
  | { readonly running: true; readonly startedAt: string | undefined }
  | { readonly running: false; readonly startedAt: string | undefined; readonly exit: LastExit | undefined };

/** One service as its supervisor handles it, whatever its kind. */
export interface Service {
  /** Throws where its engine does not answer. */
  see(): Promise<Seen>;
  /** Until it has ended, or there is something else to be looked at. */
  watch(signal: AbortSignal): Promise<void>;
  /** Throws where it cannot be started, which counts as an end. */
  start(): Promise<void>;
  /** Gracefully, as its configuration says. */
  stop(): Promise<void>;
  /** Whether it is the supervisor's to start now: an operation may have it stopped on purpose. */
  isFree(): Promise<boolean>;
  /** The operation at work wants it stopped, and only its supervisor can do so. */
  hasToRest(): Promise<boolean>;
  /** What is written down of a program. */
  readonly process: SupervisedProcess | undefined;
}
