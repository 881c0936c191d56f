import { runProgram } from './cli/program.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second one ends at once: the journal lets the next command settle what is left.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  });
}
// A reader that went away (`slipway task list | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

void runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  signal: controller.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
