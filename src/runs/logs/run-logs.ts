import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isMissing, stateError } from '../../state/atomic.ts';
import type { LogFrame, LogHeader } from './format.ts';
import { Growth } from './growth.ts';
import { readLog } from './reader.ts';

/** A log of a run: `jobs/<job>/<log>.log` of its record. */
export interface LogRef {
  /** The job's id, which is its folder. */
  readonly job: string;
  readonly log: number;
}

export interface LogPiece extends LogRef {
  /** With the first piece of each log. */
  readonly header?: LogHeader;
  readonly frames: readonly LogFrame[];
}

export interface FollowOptions {
  /** Whether nothing will be written any more: asked before each look, so that the last one sees everything. */
  isOver(): Promise<boolean>;
  /** Aborted: it is over, which is looked at now. */
  readonly over?: AbortSignal;
  readonly signal: AbortSignal;
}

const logsDir = (record: string) => join(record, 'jobs');
export const jobLogsDir = (record: string, job: string) => join(logsDir(record), job);
export const logFile = (record: string, { job, log }: LogRef) => join(jobLogsDir(record, job), `${log}.log`);

/** Ids of the jobs that have logs. */
export async function jobsWithLogs(record: string): Promise<readonly string[]> {
  return (await namesIn(logsDir(record))).sort();
}

/** Numbers of a job's logs, in order. */
export async function logsOfJob(record: string, job: string): Promise<readonly number[]> {
  const numbers = (await namesIn(jobLogsDir(record, job))).flatMap((name) => /^([1-9]\d{0,8})\.log$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((a, b) => a - b);
}

/** What the logs of these jobs have, job by job; with `follow`, as it comes from then on, until it is over. */
export async function* readRunLogs(record: string, jobs: readonly string[] | undefined, follow?: FollowOptions): AsyncGenerator<LogPiece> {
  const positions = new Map<string, number>();
  const ended = new Set<string>();
  const growth = new Growth();
  const woken = follow && AbortSignal.any([follow.signal, ...(follow.over === undefined ? [] : [follow.over])]);
  try {
    for (;;) {
      const isOver = follow === undefined || (await follow.isOver());
      if (follow) for (const folder of [record, logsDir(record)]) growth.watch(folder);
      for (const job of jobs ?? (await jobsWithLogs(record))) {
        if (follow) growth.watch(jobLogsDir(record, job));
        for (const log of await logsOfJob(record, job)) {
          if (!ended.has(`${job}/${log}`)) yield* readOn(record, { job, log }, positions, ended, follow?.signal);
        }
      }
      if (isOver || follow.signal.aborted) return;
      await growth.next(woken);
    }
  } finally {
    growth.close();
  }
}

async function* readOn(record: string, ref: LogRef, positions: Map<string, number>, ended: Set<string>, signal?: AbortSignal): AsyncGenerator<LogPiece> {
  const file = logFile(record, ref);
  try {
    for await (const { header, frames, position } of readLog(file, { from: positions.get(file) ?? 0 })) {
      positions.set(file, position);
      if (frames.at(-1)?.kind === 'end') ended.add(`${ref.job}/${ref.log}`);
      yield { ...ref, frames, ...(header === undefined ? {} : { header }) };
      if (signal?.aborted) return;
    }
  } catch (error) {
    // Pruned meanwhile.
    if (errorCode(error) !== 'ENOENT') throw stateError('read', file, error);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw stateError('read', directory, error);
  }
}
