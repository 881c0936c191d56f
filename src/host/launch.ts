import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SlipwayError } from '../errors.ts';

export type Argv = readonly string[];
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Place {
  readonly cwd?: string;
  /** The whole environment; default this process's own. `undefined` values are left out. */
  readonly env?: Environment;
}

/** The process group's id. The program begins once what is given back has settled, and never where this process dies before. */
export type OnStart = (pid: number) => unknown;

export interface Ended {
  /** `undefined` where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export function base(options: Place) {
  const env = Object.fromEntries(Object.entries(options.env ?? process.env).filter(([, value]) => value !== undefined));
  return options.cwd === undefined ? { env } : { env, cwd: options.cwd };
}

export function launch([program = '', ...args]: Argv, options: Parameters<typeof spawn>[2]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options);
    child.once('spawn', () => resolve(child));
    child.once('error', (cause) => {
      // Node blames the program for a working directory that is not there.
      const lost = typeof options.cwd === 'string' && !existsSync(options.cwd);
      const why = lost ? `there is no directory ${options.cwd}` : cause.message;
      const hint = lost ? 'Create it, or run this elsewhere.' : `Install ${program}, or put it on the PATH.`;
      reject(new SlipwayError(lost ? 'E_NO_DIRECTORY' : 'E_NO_PROGRAM', `Cannot start ${program}: ${why}`, { cause, hint }));
    });
  });
}

/** A shell in the program's place and with its pid waits for a word on descriptor 3, which ends when this process does. */
export async function launchGated(argv: Argv, options: Place & { readonly onStart?: OnStart | undefined }): Promise<ChildProcess> {
  const { onStart } = options;
  const { env, ...rest } = base(options);
  // Where there is no such program, starting it is what tells.
  if (onStart === undefined || !isProgram(argv[0] ?? '', env.PATH ?? process.env.PATH ?? ''))
    return launch(argv, { ...rest, env, detached: true, stdio: 'pipe' });
  const child = await launch(['/bin/sh', '-c', 'read -r _ <&3 && exec "$@" 3<&-', 'sh', ...argv], {
    ...rest,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => {});
  try {
    await onStart(child.pid ?? 0);
  } catch (error) {
    gate.destroy();
    throw error;
  }
  gate.end('\n');
  return child;
}

function isProgram(program: string, path: string): boolean {
  const places = program.includes('/') ? [program] : path.split(':').map((folder) => join(folder || '.', program));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Once its pipes are closed too. */
export function closed(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined })));
}

export function collect(stream: Readable | null, forward: ((chunk: Buffer) => void) | undefined): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', forward ?? ((chunk: Buffer) => chunks.push(chunk)));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** To the whole group of a program that was started in one of its own. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}
