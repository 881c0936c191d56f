import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { runProgram } from './cli/program.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second one ends at once: the journal lets the next command settle what is left.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}

const made: Writable[] = [];
function kept<Stream extends Writable>(stream: Stream): Stream {
  if (!made.includes(stream)) made.push(stream);
  return stream;
}

let stdout: typeof process.stdout | undefined;
function openStdout(): typeof process.stdout {
  // A reader that went away (`slipway task list | head -1`) is no failure, unless the command has said that it would be.
  stdout ??= process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
  });
  return kept(stdout);
}

/** The stream stays unmade where one write takes all, as a file, a terminal and nearly every pipe do. */
function print(text: string): void {
  let rest = Buffer.from(text);
  try {
    while (stdout === undefined && rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') process.exit();
    // A pipe that is full and must not be waited for: the stream knows how.
    if (code !== 'EAGAIN') throw error;
  }
  if (rest.length > 0) openStdout().write(rest);
}

void runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  // Node.js makes a stream when it is first asked for, which takes 1 to 3 ms: most commands need none.
  terminal: {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return openStdout();
    },
    get stderr() {
      return kept(process.stderr);
    },
    get isTerminal() {
      return isatty(0) && isatty(1);
    },
    print,
  },
  signal: controller.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
  // Taking everything down in order takes 3 ms. What is written goes out at once, but for a reader that is slower than we are.
  if (made.every(({ writableLength }) => writableLength === 0)) process.exit();
});
