import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { openDuplex, startDetached } from './background.ts';
import { type Argv, base, closed, collect, type Ended, launch, launchGated, type OnStart, type Place, signalGroup } from './launch.ts';

export type { Argv, Environment } from './launch.ts';

export interface ProcessOptions extends Place {
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
  /** For the journal. */
  readonly onStart?: OnStart;
}

export interface ProcessEnd extends Ended {
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
  const finish = () => {
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
    finish();
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  if (options.timeoutMs !== undefined) {
    timers.push(
      setTimeout(() => {
        timedOut = true;
        finish();
      }, options.timeoutMs),
    );
  }
  try {
    const end = await closed(child);
    // The leader may have gone before its children.
    if (ending) signalGroup(child, 'SIGKILL');
    return { ...end, stdout: stdout(), stderr: stderr(), timedOut, aborted };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Hands this process's terminal to a program, and gives its end. It stays in our group, since only the foreground group may read a terminal. */
export async function runInTerminal(argv: Argv, options: Place = {}): Promise<ProcessEnd> {
  // Ctrl-C reaches the whole foreground group: the program decides what it means, and we wait for that.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  process.on('SIGQUIT', ignore);
  try {
    const child = await launch(argv, { ...base(options), stdio: 'inherit' });
    return { ...(await closed(child)), stdout: '', stderr: '', timedOut: false, aborted: false };
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGQUIT', ignore);
  }
}

/** What the engine room is handed. */
export const processes = { run, openDuplex, startDetached } as const;

function feed(child: ChildProcess, input: ProcessOptions['input']): void {
  // A program that does not read its stdin to the end is no failure of ours.
  child.stdin?.on('error', () => {});
  if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) child.stdin?.end(input);
  else if (child.stdin) input.pipe(child.stdin);
}
