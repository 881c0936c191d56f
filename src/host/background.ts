import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { type Argv, base, closed, collect, type Ended, type Environment, launch, launchGated, type Place, signalGroup } from './launch.ts';

/** Programs that are started and not waited for: beside this process, or beyond its end. */

/** Starts a program that outlives this one, in a session of its own; both its streams go to `logFile` (default: nowhere). Gives its pid. */
export async function startDetached(argv: Argv, options: Place & { readonly logFile?: string } = {}): Promise<number> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a', 0o600);
  try {
    const child = await launch(argv, { ...base(options), detached: true, stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'] });
    child.unref();
    return child.pid ?? 0;
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** A program that waits on its stdin for what it is to do, and outlives this one. */
export interface Waiting {
  /** All that it is told. */
  tell(text: string): void;
  /** Ends it. */
  dismiss(): void;
}

/** Starts a program that waits, in a session of its own and with nowhere to say anything. One that is never told sees the end of its stdin. */
export async function startWaiting(argv: Argv, options: Place = {}): Promise<Waiting> {
  const child = await launch(argv, { ...base(options), detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const { stdin } = child;
  // One that has ended already is missed by whoever waits for its work.
  stdin?.on('error', () => {});
  child.unref();
  return { tell: (text) => void stdin?.end(text), dismiss: () => signalGroup(child, 'SIGKILL') };
}

/** A program's stdin and stdout as one stream, such as `ssh HOST docker system dial-stdio`. Destroying it ends the program; `unref` lets this process end without it. */
export function openDuplex(argv: Argv, options: Place = {}): Duplex & { ref(): void; unref(): void } {
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

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => void;

export interface TalkOptions {
  /** The whole environment. */
  readonly env: Environment;
  readonly cwd: string;
  readonly onMessage: (message: unknown) => void;
  readonly onOutput: OnOutput;
}

/** A Node.js program that messages go to and come from, in a process group of its own. */
export interface Talk {
  /** What cannot be delivered any more is dropped: how the program ended tells. */
  send(message: Serializable): void;
  /** Ends the whole group. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Starts a Node.js program to talk with. Throws E_NO_PROGRAM, E_NO_DIRECTORY. */
export async function startTalk(argv: Argv, { env, cwd, onMessage, onOutput }: TalkOptions): Promise<Talk> {
  const child = await launch(argv, { ...base({ env, cwd }), detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.on('message', onMessage);
  const ended = followToEnd(child, onOutput);
  return {
    send: (message) => void child.send(message, () => {}),
    kill: (signal) => signalGroup(child, signal),
    ended,
  };
}

export interface WatchOptions {
  /** The whole environment. */
  readonly env: Environment;
  readonly cwd: string;
  /** The program begins once this has settled, and never where this process dies before. */
  readonly onStart: (pid: number) => Promise<void>;
  readonly onOutput: OnOutput;
}

/** A program that this process looks after, in a process group of its own. */
export interface Watched {
  readonly pid: number;
  /** To the whole group. */
  kill(signal: NodeJS.Signals): void;
  /** Once the program itself has ended, and with it its group. */
  readonly ended: Promise<Ended>;
}

/** Starts a program to look after: one that this process knows of, however soon it dies. Throws E_NO_PROGRAM, E_NO_DIRECTORY. */
export async function startWatched(argv: Argv, { env, cwd, onStart, onOutput }: WatchOptions): Promise<Watched> {
  const child = await launchGated(argv, { env, cwd, onStart });
  child.stdin?.on('error', () => {});
  child.stdin?.end();
  const ended = followToEnd(child, onOutput);
  return {
    pid: child.pid ?? 0,
    kill: (signal) => signalGroup(child, signal),
    ended,
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
export async function startSession(argv: Argv, options: Place = {}): Promise<Session> {
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

/** The leader's end is the group's: what it started may hold the pipes open. */
function followToEnd(child: ChildProcess, onOutput: OnOutput): Promise<Ended> {
  child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
  child.once('exit', () => {
    signalGroup(child, 'SIGKILL');
    setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => void pipe?.destroy()), 200).unref();
  });
  return closed(child);
}
