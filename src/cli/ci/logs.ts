import { SlipwayError } from '../../errors.ts';
import { readEvents } from '../../runs/events.ts';
import { LineCount, LineRange } from '../../runs/logs/line-range.ts';
import { jobsWithLogs, type LogPiece, readRunLogs } from '../../runs/logs/run-logs.ts';
import type { RunRef } from '../../runs/model.ts';
import { readOutcome, readPlan } from '../../runs/store.ts';
import { runDir } from '../../state/paths.ts';
import type { Call } from '../call.ts';
import { namedRun } from './find.ts';
import { type LogView, logView } from './log-views.ts';

/** From and to, both from 1; without an end where `to` is infinite. */
export type Range = readonly [from: number, to: number];

export interface LogFlags {
  readonly follow?: true | undefined;
  readonly tail?: number | undefined;
  readonly lines?: Range | undefined;
  readonly step?: number | undefined;
  readonly window?: number | undefined;
  readonly timestamps?: true | undefined;
  readonly cri?: true | undefined;
}

export async function logs(call: Call, run: string, job: string | undefined, flags: LogFlags): Promise<void> {
  const { app } = call;
  const ref = await namedRun(call, run);
  const record = runDir(app.paths, ref.repository, ref.run);
  const chosen = await chooseJobs(call, ref, record, job);
  const read = (follow: boolean) => readRunLogs(record, chosen.ids, follow ? { isOver: isOver(call, ref, chosen.names), signal: app.signal } : undefined);
  const range = await rangeOf(flags, () => read(false));
  const view = logView(call, { ...flags, isMixed: flags.follow === true && chosen.ids?.length !== 1 });
  for await (const piece of read(flags.follow ?? false)) {
    if (flags.step !== undefined && piece.log !== flags.step) continue;
    await show(view, piece, range);
    if (range?.isOver || app.signal.aborted) break;
  }
  await view.end();
}

async function show(view: LogView, { job, log, header, frames }: LogPiece, range: LineRange | undefined): Promise<void> {
  if (header !== undefined) await view.begin({ job, log, header });
  for (const frame of frames) {
    if (frame.kind === 'end') await view.close({ job, log });
    else {
      const bytes = range?.cut(frame.bytes) ?? frame.bytes;
      if (bytes.length > 0) await view.chunk({ job, log }, { ...frame, bytes });
    }
  }
}

/** The last lines are those from a number on, for which all are counted once. */
async function rangeOf({ tail, lines, step }: LogFlags, read: () => AsyncIterable<LogPiece>): Promise<LineRange | undefined> {
  if (tail === undefined) return lines && new LineRange(...lines);
  const count = new LineCount();
  for await (const { log, frames } of read()) {
    if (step === undefined || log === step) for (const frame of frames) if (frame.kind === 'chunk') count.push(frame.bytes);
  }
  const first = Math.max(1, count.lines - tail + 1);
  return lines === undefined ? new LineRange(first) : new LineRange(Math.max(first, lines[0]), lines[1]);
}

interface Chosen {
  /** Their folders in the order of the plan; `undefined`: all, as they come. */
  readonly ids: readonly string[] | undefined;
  readonly names: readonly string[] | undefined;
}

/** By its name, its folder's, or that of its group, which may be several. */
async function chooseJobs({ app }: Call, ref: RunRef, record: string, wanted: string | undefined): Promise<Chosen> {
  const plan = await readPlan(app.paths, ref);
  const known = plan?.jobs ?? [];
  if (wanted === undefined) {
    // Before there is a plan nobody can tell which jobs there will be.
    return { ids: plan === undefined ? undefined : known.map(({ id }) => id), names: undefined };
  }
  const exact = known.filter(({ name, id }) => name === wanted || id === wanted);
  const found = exact.length > 0 ? exact : known.filter(({ group }) => group === wanted);
  if (found.length > 0) return { ids: found.map(({ id }) => id), names: found.map(({ name }) => name) };
  const names = plan === undefined ? await jobsWithLogs(record) : known.map(({ name }) => name);
  throw new SlipwayError('E_NO_JOB', `Run ${ref.run} has no job ${wanted}.`, {
    hint: names.length === 0 ? 'It has no jobs yet.' : `It has ${names.join(', ')}.`,
  });
}

const lookMs = 500;

/** Whether the run, or each of these jobs, has ended. Looked up now and then: output may come much faster. */
function isOver({ app }: Call, ref: RunRef, jobs: readonly string[] | undefined): () => Promise<boolean> {
  let lookedAt = 0;
  return async () => {
    if (Date.now() - lookedAt < lookMs) return false;
    lookedAt = Date.now();
    if ((await readOutcome(app.paths, ref)) !== undefined) return true;
    if (jobs === undefined) return false;
    const states = new Map((await readEvents(app.paths, ref)).flatMap((event) => (event.event === 'job' ? [[event.job, event.state] as const] : [])));
    return jobs.every((job) => !['waiting', 'running'].includes(states.get(job) ?? 'waiting'));
  };
}
