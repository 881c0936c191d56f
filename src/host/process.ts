import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { SlipwayError } from '../errors.ts';

export type Argv = readonly string[];
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment; default this process's own. `undefined` values are left out. */
  readonly env?: Environment;
  /** Default: an empty stdin. */
  readonly input?: string | Buffer | Readable;
  /** Ends the process group: TERM, and KILL after `graceMs`. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Default 5,000. */
  readonly graceMs?: number;
  /** With it, the stream is handed on and not collected. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** The process group's id: for the journal. With it, the program begins once this has settled, and never where this process dies before. */
  readonly onStart?: (pid: number) => unknown;
}

export interface ProcessEnd {
  /** `undefined` where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly aborted: boolean;
}

/** Runs a program to its end, in a process group of its own. How it ended is data; only one that cannot be started throws (E_NO_PROGRAM, E_NO_DIRECTORY). */
export async function run(argv: Argv, options: ProcessOptions = {}): Promise<ProcessEnd> {
  if (options.signal?.aborted) return { exitCode: undefined, signal: undefined, stdout: '', stderr: '', timedOut: false, aborted: true };
  const child = await launchGated(argv, options);
  const stdout = collect(child.stdout, options.onStdout);
  const stderr = collect(child.stderr, options.onStderr);
  feed(child, options.input);

  let timedOut = false;
  let aborted = false;
  let ending = false;
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    if (ending) return;
    ending = true;
    signalGroup(child, 'SIGTERM');
    timers.push(
      setTimeout(() => {
        signalGroup(child, 'SIGKILL');
        // A grandchild in a group of its own may hold the pipes open; do not wait for it.
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, options.graceMs ?? 5000),
    );
  };
  const onAbort = () => {
    aborted = true;
    end();
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  if (options.timeoutMs !== undefined) {
    timers.push(
      setTimeout(() => {
        timedOut = true;
        end();
      }, options.timeoutMs),
    );
  }
  try {
    const [exitCode, signal] = await closed(child);
    // The leader may have gone before its children.
    if (ending) signalGroup(child, 'SIGKILL');
    return { exitCode: exitCode ?? undefined, signal: signal ?? undefined, stdout: stdout(), stderr: stderr(), timedOut, aborted };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Hands this process's terminal to a program, and gives its end. It stays in our group, since only the foreground group may read a terminal. */
export async function runInTerminal(argv: Argv, options: Pick<ProcessOptions, 'cwd' | 'env'> = {}): Promise<ProcessEnd> {
  // Ctrl-C reaches the whole foreground group: the program decides what it means, and we wait for that.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  process.on('SIGQUIT', ignore);
  try {
    const child = await launch(argv, { ...base(options), stdio: 'inherit' });
    const [exitCode, signal] = await closed(child);
    return { exitCode: exitCode ?? undefined, signal: signal ?? undefined, stdout: '', stderr: '', timedOut: false, aborted: false };
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGQUIT', ignore);
  }
}

/** Starts a program that outlives this one, in a session of its own; both its streams go to `logFile` (default: nowhere). Gives its pid. */
export async function startDetached(argv: Argv, options: Pick<ProcessOptions, 'cwd' | 'env'> & { readonly logFile?: string } = {}): Promise<number> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
  try {
    const child = await launch(argv, { ...base(options), detached: true, stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'] });
    child.unref();
    return child.pid ?? 0;
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** A program's stdin and stdout as one stream, such as `ssh HOST docker system dial-stdio`. Destroying it ends the program; `unref` lets this process end without it. */
export function openDuplex(argv: Argv, options: Pick<ProcessOptions, 'cwd' | 'env'> = {}): Duplex & { ref(): void; unref(): void } {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { ...base(options), detached: true, stdio: 'pipe' });
  const stderr = collect(child.stderr, undefined);
  const pair = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (cause) => pair.destroy(cause));
  child.on('exit', (code) => {
    if (code) pair.destroy(new Error(`${program} ended with ${code}: ${stderr().trim()}`));
  });
  pair.on('close', () => signalGroup(child, 'SIGTERM'));
  child.unref();
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  return Object.assign(pair, {
    ref: () => pipes.forEach((pipe) => void pipe.ref()),
    unref: () => pipes.forEach((pipe) => void pipe.unref()),
  });
}

export interface TalkOptions {
  /** The whole environment. */
  readonly env: Environment;
  readonly cwd: string;
  readonly onMessage: (message: unknown) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** A Node.js program that messages go to and come from, in a process group of its own. */
export interface Talk {
  /** What cannot be delivered any more is dropped: how the program ended tells. */
  send(message: Serializable): void;
  /** Ends the whole group. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Pick<ProcessEnd, 'exitCode' | 'signal'>>;
}

/** Starts a Node.js program to talk with. Throws E_NO_PROGRAM, E_NO_DIRECTORY. */
export async function startTalk(argv: Argv, { env, cwd, onMessage, onOutput }: TalkOptions): Promise<Talk> {
  const child = await launch(argv, { ...base({ env, cwd }), detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.on('message', onMessage);
  child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
  child.once('exit', () => {
    // What it started may hold the pipes open.
    signalGroup(child, 'SIGKILL');
    setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => void pipe?.destroy()), 200).unref();
  });
  return {
    send: (message) => void child.send(message, () => {}),
    kill: (signal) => signalGroup(child, signal),
    ended: closed(child).then(([exitCode, signal]) => ({ exitCode: exitCode ?? undefined, signal: signal ?? undefined })),
  };
}

export interface WatchOptions {
  /** The whole environment. */
  readonly env: Environment;
  readonly cwd: string;
  /** The program begins once this has settled, and never where this process dies before. */
  readonly onStart: (pid: number) => Promise<void>;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** A program that this process looks after, in a process group of its own. */
export interface Watched {
  readonly pid: number;
  /** To the whole group. */
  kill(signal: NodeJS.Signals): void;
  /** Once the program itself has ended, and with it its group. */
  readonly ended: Promise<Pick<ProcessEnd, 'exitCode' | 'signal'>>;
}

/** Starts a program to look after: one that this process knows of, however soon it dies. Throws E_NO_PROGRAM, E_NO_DIRECTORY. */
export async function startWatched(argv: Argv, { env, cwd, onStart, onOutput }: WatchOptions): Promise<Watched> {
  const child = await launchGated(argv, { env, cwd, onStart });
  child.stdin?.on('error', () => {});
  child.stdin?.end();
  child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
  child.once('exit', () => {
    // What it started may hold the pipes open.
    signalGroup(child, 'SIGKILL');
    setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => void pipe?.destroy()), 200).unref();
  });
  return {
    pid: child.pid ?? 0,
    kill: (signal) => signalGroup(child, signal),
    ended: closed(child).then(([exitCode, signal]) => ({ exitCode: exitCode ?? undefined, signal: signal ?? undefined })),
  };
}

/** A program that outlives this process, with the ends of its pipes that this process has. */
export interface Session {
  readonly pid: number;
  readonly stdin: Writable;
  /** Both streams. What nobody reads holds it up. */
  readonly output: Readable;
  /** `undefined` where a signal ended it. */
  readonly exited: Promise<number | undefined>;
}

/** Starts a program in a session of its own and with pipes, which end with this process. Throws E_NO_PROGRAM, E_NO_DIRECTORY. */
export async function startSession(argv: Argv, options: Pick<ProcessOptions, 'cwd' | 'env'> = {}): Promise<Session> {
  const child = await launch(argv, { ...base(options), detached: true, stdio: 'pipe' });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('pipes were asked for');
  stdin.on('error', () => {});
  const output = new PassThrough();
  stdout.pipe(output, { end: false });
  stderr.pipe(output, { end: false });
  const exited = new Promise<number | undefined>((resolve) => child.once('exit', (code) => resolve(code ?? undefined)));
  child.once('close', () => output.end());
  child.unref();
  for (const pipe of [stdin, stdout, stderr]) if (pipe instanceof Socket) pipe.unref();
  return { pid: child.pid ?? 0, stdin, output, exited };
}

/** What the engine room is handed. */
export const processes = { run, openDuplex, startDetached } as const;

function base(options: Pick<ProcessOptions, 'cwd' | 'env'>) {
  const env = Object.fromEntries(Object.entries(options.env ?? process.env).filter(([, value]) => value !== undefined));
  return options.cwd === undefined ? { env } : { env, cwd: options.cwd };
}

function launch([program = '', ...args]: Argv, options: Parameters<typeof spawn>[2]): Promise<ChildProcess> {
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
async function launchGated(argv: Argv, options: ProcessOptions): Promise<ChildProcess> {
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

function closed(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
}

function collect(stream: Readable | null, forward: ((chunk: Buffer) => void) | undefined): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', forward ?? ((chunk: Buffer) => chunks.push(chunk)));
  return () => Buffer.concat(chunks).toString('utf8');
}

function feed(child: ChildProcess, input: ProcessOptions['input']): void {
  // A program that does not read its stdin to the end is no failure of ours.
  child.stdin?.on('error', () => {});
  if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) child.stdin?.end(input);
  else if (child.stdin) input.pipe(child.stdin);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}
