import { type ExitCode, SlipwayError } from '../errors.ts';
import type { Terminal } from './call.ts';

/** Interrupted by Ctrl-C, as shells number it. */
const interrupted = 130;

/** One line of what happened, one of what to do, the code; with `--json` the same as an object. Gives the exit code. */
export function reportError(
  terminal: Terminal,
  error: unknown,
  options: { readonly json: boolean; readonly failure: ExitCode; readonly debug: boolean; readonly aborted: boolean },
): ExitCode {
  const facts = factsOf(error, options.aborted);
  if (options.json) {
    terminal.stderr.write(`${JSON.stringify({ error: { code: facts.code, message: facts.message, ...(facts.hint ? { hint: facts.hint } : {}) } })}\n`);
  } else {
    const detail = facts.detail ? `${facts.detail.replace(/^/gm, '  ')}\n` : '';
    const hint = facts.hint ? `${facts.hint}\n` : '';
    terminal.stderr.write(`error: ${facts.message} [${facts.code}]\n${detail}${hint}`);
    if (options.debug && error instanceof Error) terminal.stderr.write(`${stackOf(error)}\n`);
  }
  if (facts.code === 'E_USAGE') return 2;
  if (facts.code === 'E_INTERRUPTED') return interrupted;
  return options.failure !== 1 ? options.failure : facts.exitCode;
}

interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  readonly exitCode: ExitCode;
}

function factsOf(error: unknown, aborted: boolean): ErrorFacts {
  if (aborted)
    return { code: 'E_INTERRUPTED', message: 'Interrupted.', hint: 'The next command settles what was cut off.', detail: undefined, exitCode: interrupted };
  if (error instanceof SlipwayError) return error;
  return {
    code: 'E_INTERNAL',
    message: `Slipway failed: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'This is a mistake in Slipway. Run the command again with SLIPWAY_DEBUG=1 and report what it prints.',
    detail: undefined,
    exitCode: 1,
  };
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
