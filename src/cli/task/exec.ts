import { execInTask } from '../../tasks/exec.ts';
import { usageError, type ExitCode } from '../../errors.ts';
import type { Call } from '../call.ts';

export interface ExecFlags {
  readonly root?: true | undefined;
  readonly tty: boolean;
  readonly workdir?: string | undefined;
  readonly env?: readonly string[] | undefined;
}

export async function exec(call: Call, project: string, task: string, command: readonly string[], flags: ExecFlags): Promise<ExitCode> {
  return execInTask(
    call.app,
    { project, task },
    {
      // `exec P T -- cmd` and `exec P T cmd` are the same.
      command: command[0] === '--' ? command.slice(1) : command,
      root: flags.root ?? false,
      // A shell for a person needs a terminal; a command keeps its two streams apart where stdout is not one.
      tty: flags.tty && call.terminal.isTerminal,
      workingDir: flags.workdir,
      env: Object.fromEntries((flags.env ?? []).map(parseVariable)),
      // Made while the command starts.
      get stdin() {
        return call.terminal.stdin;
      },
      get stdout() {
        return call.terminal.stdout;
      },
      get stderr() {
        return call.terminal.stderr;
      },
    },
  );
}

function parseVariable(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw usageError(`--env ${text} is not NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
