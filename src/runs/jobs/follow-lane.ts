import { closeSync, readSync } from 'node:fs';
import type { Growth } from '../logs/growth.ts';
import type { StepEnd } from '../model.ts';
import type { Lane } from './channel.ts';
import { isAlive } from './liveness.ts';
import { RecordReader } from './record-reader.ts';
import { type DoneReason, errorRoom, type SupervisorRecord } from './records.ts';
import type { StepOutput } from './step-output.ts';
import type { StepTimes } from './step-times.ts';

export interface LaneFollowed {
  readonly lane: Lane;
  readonly growth: Growth;
  readonly times: StepTimes;
  /** Aborted once the supervisor's own process, or what it ran in, has ended. */
  readonly ended: AbortSignal;
  /** Aborted: it is not waited for any longer. */
  readonly abandoned: AbortSignal;
  /** How long one that nobody saw start may take to show itself. `undefined`: as long as `ended` says nothing. */
  readonly patienceMs?: number | undefined;
  /** A step begins: where its output goes. */
  onStart(step: number, startedAt: string): Promise<StepOutput>;
  onEnd(step: number, end: StepEnd, facts: { readonly isLimit: boolean; readonly isCut: boolean }): void;
  onHello(watcher: number): void;
}

export interface LaneEnd {
  /** `undefined`: it has left no record of its end. */
  readonly done: DoneReason | undefined;
  /** Some output could not be written. */
  readonly isCut: boolean;
  /** It never told of itself. */
  readonly isSilent: boolean;
  /** Kills for memory that its records account for, counted from the boot of what counts them. */
  readonly kills: number | undefined;
}

interface RunningStep {
  readonly step: number;
  readonly startedAt: string;
  readonly output: StepOutput;
  end?: StepEnd;
}

/** Seconds between two looks at whether a supervisor lives that nobody told the end of. */
const lookMs = 1000;

/** Follows a supervisor by what it writes, to its end: its records first, then the output that was there before them. */
export async function followLane(followed: LaneFollowed): Promise<LaneEnd> {
  const { lane, growth, times } = followed;
  const reader = new RecordReader(lane);
  const open = new Map<number, RunningStep>();
  const begun = Date.now();
  let isCut = false;
  let kills: number | undefined;
  let done: DoneReason | undefined;
  let isSilent = true;

  const accept = async (record: SupervisorRecord) => {
    if (record.kind === 'hello') {
      isSilent = false;
      kills = record.kills;
      followed.onHello(record.watcher);
    } else if (record.kind === 'start') {
      const startedAt = times.at(record.uptime).toISOString();
      open.set(record.step, { step: record.step, startedAt, output: await followed.onStart(record.step, startedAt) });
    } else if (record.kind === 'done') {
      done = record.reason;
      isCut ||= record.isCut;
    } else {
      const running = open.get(record.step);
      if (running === undefined) return;
      isCut ||= record.isCut;
      if (record.kills !== undefined && kills !== undefined) kills += record.kills;
      const end = endOf(record, running.startedAt, times);
      running.end = running.output.known ?? end;
      if (record.isOpen) await running.output.pump();
      else await finish(running, running.end);
      followed.onEnd(record.step, running.end, { isLimit: record.reason === 'limit', isCut: record.isCut });
    }
  };
  const finish = async (running: RunningStep, end: StepEnd) => {
    open.delete(running.step);
    await running.output.end(end);
  };
  const look = async () => {
    for (const record of reader.next()) await accept(record);
    for (const { output } of open.values()) await output.pump();
  };

  try {
    growth.watch(lane.path);
    let lookedAt = begun;
    while (done === undefined) {
      const isOver = followed.ended.aborted || Date.now() - lookedAt >= lookMs;
      if (isOver) lookedAt = Date.now();
      const isGone = followed.abandoned.aborted || (isOver && (await hasGone(followed, isSilent, begun)));
      // It may have written just before it went: what it left is looked at once more.
      await look();
      if (isGone || done !== undefined) break;
      await growth.next(followed.ended.aborted ? followed.abandoned : followed.ended);
    }
    for (const running of open.values()) {
      const end = running.end ?? { reason: 'lost', startedAt: running.startedAt, endedAt: times.at(undefined).toISOString() };
      await finish(running, end);
      if (running.end === undefined) followed.onEnd(running.step, end, { isLimit: false, isCut: false });
    }
    return { done, isCut, isSilent, kills };
  } finally {
    for (const { output } of open.values()) output.close();
  }
}

async function hasGone({ lane, ended, patienceMs }: LaneFollowed, isSilent: boolean, begun: number): Promise<boolean> {
  const alive = await isAlive(lane);
  if (alive !== undefined) return !alive;
  // It has not got so far as to have a pipe.
  if (ended.aborted) return true;
  return isSilent && patienceMs !== undefined && Date.now() - begun > patienceMs;
}

function endOf(record: Extract<SupervisorRecord, { kind: 'end' }>, startedAt: string, times: StepTimes): StepEnd {
  return {
    exitCode: record.exitCode,
    reason: record.isCut ? 'lost' : record.reason === 'limit' ? 'timeout' : record.reason,
    startedAt,
    endedAt: times.at(record.uptime).toISOString(),
    ...(record.kills === undefined ? {} : { oomKills: record.kills }),
  };
}

/** What programs of the supervisor said, such as why output could not be written. */
export function readComplaints(lane: Lane): string {
  const file = lane.open('errors');
  if (file === undefined) return '';
  try {
    const buffer = Buffer.alloc(errorRoom);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, errorRoom, 0)).trim();
  } finally {
    closeSync(file);
  }
}
