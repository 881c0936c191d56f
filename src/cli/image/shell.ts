import type { ExitCode } from '../../errors.ts';
import { openShell } from '../../images/shell.ts';
import type { Call } from '../call.ts';

export async function shell(call: Call, project: string, command: readonly string[]): Promise<ExitCode> {
  // `shell P -- cmd` and `shell P cmd` are the same.
  const own = command[0] === '--' ? command.slice(1) : command;
  return openShell(call.app, project, own, call.terminal.isTerminal);
}
