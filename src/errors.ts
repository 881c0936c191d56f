/** How the program ends. `125` is Slipway's own failure where the exit code is otherwise a command's, as `docker run` does. */
export type ExitCode = number;

export interface SlipwayErrorFacts {
  /** What to do about it, one line. Commands in it are exact. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Default 1; usage errors are 2. */
  readonly exitCode?: ExitCode;
  /** More lines for a person: positions in a file, a container's last lines. */
  readonly detail?: string;
}

/** The one error shape: what happened, what to do, a stable code that `docs/errors.md` explains. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  readonly exitCode: ExitCode;

  constructor(code: `E_${string}`, message: string, facts: SlipwayErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.detail = facts.detail;
    this.exitCode = facts.exitCode ?? 1;
  }
}

/** A mistake in what was typed: nothing was done, exit code 2. */
export function usageError(message: string, hint?: string): SlipwayError {
  return new SlipwayError('E_USAGE', message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) });
}
