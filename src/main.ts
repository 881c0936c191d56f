import type { Writable } from 'node:stream';
import { runProgram } from './cli/program.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second one ends at once: the journal lets the next command settle what is left.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}
// A reader that went away (`slipway task list | head -1`) is no failure, unless the command has said that it would be.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
});

const made: Writable[] = [];
function kept<Stream extends Writable>(stream: Stream): Stream {
  if (!made.includes(stream)) made.push(stream);
  return stream;
}

void runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  // Node.js makes a stream when it is first asked for, which takes 1 to 3 ms: help needs one of the three.
  terminal: {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return kept(process.stdout);
    },
    get stderr() {
      return kept(process.stderr);
    },
  },
  signal: controller.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
  // Taking everything down in order takes 3 ms. What is written goes out at once, but for a reader that is slower than we are.
  if (made.every(({ writableLength }) => writableLength === 0)) process.exit();
});
