import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { ProcessEnd } from '../../src/host/process.ts';
import { isSameProcessAlive, type ProcessIdentity } from '../../src/state/process-identity.ts';
import type { Sandbox } from '../sandbox.ts';

/** Where a journal write is cut: `intent` also after it, when the step has not begun. What follows another write is the same as what comes before the next. */
export interface Cut {
  readonly write: number;
  readonly when: 'before' | 'after';
  readonly kind: string;
}

/** Where the outcome may depend on the engine: around what is asked of it. The rest is files, the same with every engine. */
export const isAtEngine = ({ when, kind }: Cut) => kind.includes(' container.') && (kind.startsWith('done') || when === 'after');

/** Whether the operation's end had been written when it was cut. */
export const isAfterEnd = ({ kind }: Cut) => kind === 'filed' || kind === 'removed';

/** Says in a failure where it was cut. */
export async function cutAt(cut: Cut, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    throw new Error(`killed ${cut.when} write ${cut.write} (${cut.kind}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Kills a command at its journal's writes, and looks at what is left. */
export class Killer {
  private readonly box: Sandbox;
  private readonly preload: string;

  constructor(box: Sandbox) {
    this.box = box;
    // The checkout may be root's alone.
    this.preload = box.path('kill-at.mjs');
    copyFileSync(fileURLToPath(new URL('kill-at.mjs', import.meta.url)), this.preload);
    chmodSync(this.preload, 0o644);
  }

  /** The places at which a command can be cut, told by an undisturbed run of it. */
  async cutsOf(command: readonly string[]): Promise<readonly Cut[]> {
    const log = this.box.write('kill.log', '');
    const end = await this.box.slipway(command, { env: this.env('0:before', log), timeoutMs: 180_000 });
    // A run exits with its agent's code.
    expect([end.exitCode, end.stderr]).toEqual([expect.toBeOneOf([0, 7]), end.stderr]);
    const kinds = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    rmSync(log);
    return kinds.flatMap((kind, index) => [
      { write: index + 1, when: 'before' as const, kind },
      ...(kind.startsWith('intent') || kind === 'child' || index === kinds.length - 1 ? [{ write: index + 1, when: 'after' as const, kind }] : []),
    ]);
  }

  async kill(command: readonly string[], { write, when }: Cut): Promise<ProcessEnd> {
    const end = await this.box.slipway(command, { env: this.env(`${write}:${when}`, ''), timeoutMs: 180_000 });
    expect([write, when, end.signal, end.stderr]).toEqual([write, when, 'SIGKILL', end.stderr]);
    return end;
  }

  /** For a verb that now and then has fewer steps (names of layers are shared with whoever else builds): false where it ended before. */
  async killIfReached(command: readonly string[], { write, when }: Cut): Promise<boolean> {
    const end = await this.box.slipway(command, { env: this.env(`${write}:${when}`, ''), timeoutMs: 180_000 });
    if (end.signal !== 'SIGKILL') expect([end.exitCode, end.stderr]).toEqual([expect.toBeOneOf([0, 7]), end.stderr]);
    return end.signal === 'SIGKILL';
  }

  private env(at: string, log: string): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import ${this.preload}`, KILL_AT: at, ...(log === '' ? {} : { KILL_LOG: log }) };
  }
}

/** What the next command says became of the operation. `nothing`: it had not begun, or had ended. */
export type Told = 'completed' | 'undone' | 'nothing';

/** Runs the next command, which has to succeed, and gives what it says of the one that was cut off. */
export async function nextCommand(box: Sandbox): Promise<Told> {
  const end = await box.slipway(['task', 'list']);
  expect([end.exitCode, end.stderr]).toEqual([0, end.stderr]);
  const told = /^recovered: .* had been cut off and was (completed|undone)\.$/m.exec(end.stderr)?.[1];
  expect(end.stderr.match(/^recovered: /gm)?.length ?? 0).toBe(told === undefined ? 0 : 1);
  return (told ?? 'nothing') as Told;
}

interface JournalJson {
  readonly id: string;
  readonly verb: string;
  readonly outcome: string;
  readonly steps: readonly { readonly do: string; readonly state: string }[];
}

export const journal = (box: Sandbox) => box.json<readonly JournalJson[]>(['journal']);

/** Nothing is open, half-written or held, and nothing that an undone operation made is left on the engine. */
export async function expectNothingLeft(box: Sandbox): Promise<void> {
  const files = [...filesUnder(box.path('state')), ...filesUnder(box.path('config')), ...filesUnder(box.path('cache'))].map((file) =>
    file.slice(box.directory.length + 1),
  );
  expect(files.filter((file) => /journal\/open\/|\.tmp$|\.partial$|\/seed$|\.removing-/.test(file))).toEqual([]);
  expect(files.filter((file) => file.endsWith('.lock')).filter((file) => isHeld(box.path(file)))).toEqual([]);
  const install = box.installId;
  if (install === undefined) return;
  const containers = await box.engine.containers.list({ labels: { 'io.slipway.install': install } });
  expect(containers.map(({ name }) => name).filter((name) => /-replaced$|^slipway-remove-/.test(name))).toEqual([]);
}

/** A lock whose holder is dead is no lock: whoever wants it takes it. Its pid may be another process's by now. */
function isHeld(file: string): boolean {
  return isSameProcessAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
}

/** Files and folders; links are not followed, and workspaces are not entered. */
export function filesUnder(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() && entry.name !== 'workspace' ? [path, ...filesUnder(path)] : [path];
  });
}

/** Every file of the person's trees with its size and content: what must not change. */
export function snapshot(box: Sandbox): Readonly<Record<string, string>> {
  const files = [...filesUnder(box.path('config')), ...filesUnder(box.path('state')), ...filesUnder(box.path('tasks'))];
  return Object.fromEntries(
    files.map((file) => [file.slice(box.directory.length + 1), statSync(file).isDirectory() ? 'folder' : readFileSync(file, 'latin1')]),
  );
}
