import type { ExitCode } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { cancelCiRun } from '../../runs/cancel.ts';
import { exitCodes } from '../../runs/exit-code.ts';
import { followCiRun } from '../../runs/follow.ts';
import { readRunLogs } from '../../runs/logs/run-logs.ts';
import type { Outcome, RunEvent, RunRef } from '../../runs/model.ts';
import { runStatus } from '../../runs/status.ts';
import { runDir } from '../../state/paths.ts';
import { type Call, printResult } from '../call.ts';
import { BuildPrinter } from './build-printer.ts';
import { RunPrinter } from './run-printer.ts';
import { statusJson } from './show-json.ts';
import { jobTable, nextText } from './show-text.ts';

/** Shows a run until it has ended and gives its exit code. Ctrl-C, SIGTERM and a closed terminal end the run. */
export async function watchRun(call: Call, ref: RunRef, detach: boolean): Promise<ExitCode> {
  // With --json stdout holds the result alone.
  const printer = new RunPrinter(call.json ? call.terminal.stderr : call.terminal.stdout, call.app.env);
  // This command's own end is the run's: what is done for it goes on after a signal.
  const app: App = { ...call.app, signal: new AbortController().signal };
  if (detach) {
    printResult(call, statusJson(await runStatus(app, ref)), ref.run);
    app.out.note(`Follow it with \`slipway ci logs ${ref.run} -f\`; end it with \`slipway ci cancel ${ref.run}\`.`);
    return 0;
  }
  // Where nobody reads on, the run goes on and its end is not known: that is no success.
  process.exitCode = 125;
  // The step that wrote the record is through.
  app.out.raw('');
  await printer.line(`Run ${ref.run} of ${ref.repository}`);
  const stopCancelling = onSignal(call, async () => {
    await printer.line('Cancelling; a second signal leaves that to the run itself.');
    await cancelCiRun(app, ref, 'a signal to slipway ci run');
  });
  try {
    const outcome = await follow(app, ref, printer);
    const status = await runStatus(app, ref);
    if (call.json) printResult(call, statusJson(status), '');
    else await printSummary(printer, status);
    return exitCodes[outcome.kind];
  } finally {
    stopCancelling();
  }
}

function onSignal({ app }: Call, act: () => Promise<void>): () => void {
  const listener = () => void act().catch((error: unknown) => app.out.warn(error instanceof Error ? error.message : String(error)));
  if (app.signal.aborted) listener();
  else app.signal.addEventListener('abort', listener, { once: true });
  return () => app.signal.removeEventListener('abort', listener);
}

/** Events and logs are two things that come side by side; the end of a job is told after what it wrote. */
async function follow(app: App, ref: RunRef, printer: RunPrinter): Promise<Outcome> {
  const over = new AbortController();
  const ended = new AbortController();
  const logs = new LogPrinter(printer);
  const build = new BuildPrinter(printer, app.paths, ref);
  const record = runDir(app.paths, ref.repository, ref.run);
  const follow = { isOver: async () => ended.signal.aborted, over: ended.signal, signal: over.signal };
  const printing = logs.print(readRunLogs(record, undefined, follow));
  try {
    const outcome = await followCiRun(
      app,
      ref,
      async (event) => {
        if (event.event === 'job' && event.state !== 'running') await logs.caughtUp(event.job);
        if (event.event === 'step-start') logs.expect(event);
        await build.event(event);
        await printer.event(event);
      },
      over.signal,
    );
    ended.abort();
    await printing;
    return outcome;
  } finally {
    over.abort();
    await build.stop();
    await printing.catch(() => {});
  }
}

const catchUpMs = 2_000;

class LogPrinter {
  private readonly printer: RunPrinter;
  /** Logs of jobs that have begun and were not printed whole. */
  private readonly open = new Map<string, Set<number>>();
  private readonly ended = new Set<string>();

  constructor(printer: RunPrinter) {
    this.printer = printer;
  }

  expect({ job, log }: Extract<RunEvent, { event: 'step-start' }>): void {
    if (this.ended.has(`${job} ${log}`)) return;
    this.open.set(job, (this.open.get(job) ?? new Set()).add(log));
  }

  async print(pieces: ReturnType<typeof readRunLogs>): Promise<void> {
    const names = new Map<string, string>();
    for await (const { job: id, log, header, frames } of pieces) {
      if (header !== undefined) names.set(id, header.job);
      const job = names.get(id) ?? id;
      if (header !== undefined) {
        // That its job has begun is told by the events, which may be a moment late.
        await until(() => this.printer.isRunning(job));
        await this.printer.line(`${job}: ${header.name}`);
      }
      await this.printer.frames(job, String(log), frames);
      if (frames.at(-1)?.kind !== 'end') continue;
      this.ended.add(`${job} ${log}`);
      this.open.get(job)?.delete(log);
    }
  }

  /** A log whose end was never written keeps nobody waiting for long. */
  async caughtUp(job: string): Promise<void> {
    await until(() => (this.open.get(job)?.size ?? 0) === 0);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (const limit = Date.now() + catchUpMs; !isSo() && Date.now() < limit; ) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function printSummary(printer: RunPrinter, status: Awaited<ReturnType<typeof runStatus>>): Promise<void> {
  const { outcome, jobs, run } = status;
  if (jobs.length > 0) await printer.text(`\n${jobTable(jobs)}\n`);
  if (outcome === undefined) return;
  const { detail, last_lines: lastLines, hint } = outcome.evidence;
  for (const text of [detail, lastLines]) if (typeof text === 'string' && text !== '') await printer.text(text.replace(/^/gm, '  '));
  await printer.line(`Run ${run} ${outcome.kind === 'succeeded' ? 'succeeded' : `ended: ${outcome.kind}`}. ${outcome.message}`);
  if (typeof hint === 'string') await printer.text(hint);
  if (outcome.kind !== 'succeeded') await printer.text(`\`slipway ci show ${run}\` tells all of it; ${nextText(status)}`);
}
