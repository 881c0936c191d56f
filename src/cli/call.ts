import type { Readable, Writable } from 'node:stream';
import type { App, Changed } from '../operations/model.ts';

/** Where a command reads and writes; the process's own streams, handed in. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Whether a person types into stdin and sees stdout; asked without making the streams. */
  readonly isTerminal: boolean;
  /** Writes to stdout without making its stream, where nobody has. */
  print(text: string): void;
}

/** What the body of every command is given before its own arguments. */
export interface Call {
  readonly app: App;
  readonly terminal: Terminal;
  /** `--json` */
  readonly json: boolean;
  /** `--engine`, as typed. */
  readonly engine: string | undefined;
}

/** The result of a command: the one thing that goes to stdout. `--json` prints the value, else the text. */
export function printResult(call: Call, value: unknown, text: string): void {
  const out = call.json ? JSON.stringify(value, undefined, 2) : text;
  if (out !== '') call.terminal.print(out.endsWith('\n') ? out : `${out}\n`);
}

/** With `--dry-run`, prints the plan and gives true: the body has nothing more to do. */
export async function printPlan(call: Call, changed: Changed<unknown>): Promise<boolean> {
  if (!call.app.dryRun) return false;
  const lines = await Promise.all(changed.plan.steps.map(async (step) => `- ${(await call.app.registry.stepKind(step.do)).describe(step)}`));
  const text = lines.length === 0 ? 'Nothing to do.' : lines.join('\n');
  printResult(call, { steps: changed.plan.steps }, text);
  return true;
}

/** Columns as wide as their widest cell; the header in capitals, as `docker ps` shows it. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header.map((cell) => cell.toUpperCase()), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** Asks yes or no on a terminal. Without one it is the caller's usage error that names the flag. */
export function canAsk(call: Call): boolean {
  return call.terminal.stdin.isTTY === true && call.terminal.stderr.isTTY === true && !call.json;
}
