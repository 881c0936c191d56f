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

void runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  // Node.js makes a stream when it is first asked for, which takes 1 to 3 ms: help needs one of the three.
  terminal: {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
  },
  signal: controller.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
