import type { ExitCode } from '../errors.ts';
import type { Call } from './call.ts';

/** Options that many commands share, as the runner of bodies reads them. */
export interface CommonOptions {
  readonly json?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** How a body is run. */
export interface ActOptions {
  /** Exit code of Slipway's own failure: 125 where the exit code is otherwise a command's. Default 1. */
  readonly failure?: ExitCode;
  /** Settle operations that were cut off before the body runs. Default true; never with `--dry-run`. */
  readonly recover?: boolean;
  /** Start a driver for runs that have lost theirs. Default as `recover`. */
  readonly revive?: boolean;
}

/**
 * Runs a command's body: makes the `App` from the global options, settles cut-off operations, prints errors, sets the exit code
 * (what the body gives, else 0). Each verb is registered as
 * `.action((project, task, options) => act(options, async (call) => (await import('./stop.ts')).stop(call, project, task, options)))`.
 */
export type Act = (common: CommonOptions, body: (call: Call) => Promise<ExitCode | void>, options?: ActOptions) => Promise<void>;

export const dryRunFlag = ['--dry-run', 'print the plan and change nothing'] as const;
export const jsonFlag = ['--json', 'print the result as JSON'] as const;
