import type { Readable, Writable } from 'node:stream';
import type { ExecutorKind, Outcome } from '../model.ts';

/** What the steps of one run are run in: the host, or the run's container. Jobs are run on top of it, the same way in both. */
export interface Executor {
  readonly kind: ExecutorKind;
  /**
   * The workspace and the channel's folder as a step sees them: `/work` and `/run/slipway/ci`, or the host's own paths. An image's
   * user may have any id, the person another one: what both use in the channel is for everybody (folders 0777, files 0666), below
   * the run's folder of 0700, which keeps everybody else out.
   */
  readonly workspace: string;
  readonly channel: string;
  /**
   * Starts a job's supervisor. It outlives this process; its stdin (secrets, and the steps of a function job) does not. Nothing
   * secret may be in `argv` or `env`, which `ps` and `inspect` show.
   */
  launch(argv: readonly string[], env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Launched>;
  /** Sends a signal to a supervisor by the pid that it wrote; one that is gone is fine. */
  signal(pid: number, name: 'TERM' | 'KILL'): Promise<void>;
  /** A tar of a path in the workspace, its last name on top; `''` is all of it. `undefined`: no such path. */
  archive(path: string, signal: AbortSignal): Promise<Readable | undefined>;
  /** Settles when nothing can run in it any more, with the reason and its evidence. On the host: never, until `signal` aborts. */
  ended(signal: AbortSignal): Promise<Outcome>;
}

/** A supervisor that was started. */
export interface Launched {
  readonly stdin: Writable;
  /** What it says itself: nothing, unless it could not start. */
  readonly output: Readable;
  /** Its exit code, or `undefined` where nobody can tell. */
  exited(): Promise<number | undefined>;
}
