import type { ExitCode } from '../../errors.ts';
import { openShell } from '../../images/shell.ts';
import type { Call } from '../call.ts';

export async function shell(call: Call, project: string, command: readonly string[]): Promise<ExitCode> {
  const { stdin, stdout } = call.terminal;
  return openShell(call.app, project, command, stdin.isTTY === true && stdout.isTTY === true);
}
