import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Launched } from '../executors/model.ts';
import { Growth } from '../logs/growth.ts';
import { jobLogsDir } from '../logs/run-logs.ts';
import type { StepEnd } from '../model.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Lane } from './channel.ts';
import { followLane, type LaneEnd } from './follow-lane.ts';
import { isAlive } from './liveness.ts';
import type { JobRequest } from './model.ts';
import { type OnBytes, StepOutput } from './step-output.ts';
import { StepTimes } from './step-times.ts';
import { endLeftovers } from './supervisor.ts';

/** What a step is called, for people. */
export interface StepTitle {
  readonly name: string;
  readonly command: string | readonly string[];
}

export interface EndedStep {
  readonly log: number;
  readonly title: StepTitle;
  readonly end: StepEnd;
  /** It was the job's limit that ended it, not its own. */
  readonly isLimit: boolean;
  readonly isCut: boolean;
}

export interface LaneOptions {
  readonly request: JobRequest;
  readonly lane: Lane;
  readonly marker: string;
  readonly masker: Masker | undefined;
  readonly startedAt: string;
  /** How it was started, where this process did. */
  readonly launched?: Launched | undefined;
  readonly patienceMs?: number | undefined;
  /** Where the output of a step of this lane goes, and what it is. */
  describe(step: number): { readonly log: number; readonly title: StepTitle; readonly onBytes?: OnBytes };
  onEnd(step: number, ended: EndedStep): void;
}

const slackMs = 3000;
const longestCommand = 4096;

/** A supervisor at work: its steps' output goes into logs, and the driver hears of them. */
export class SupervisedLane {
  /** Never rejects before `stop` was asked for by whoever sees the rejection: a log that cannot be written ends the following, not the steps. */
  readonly ended: Promise<LaneEnd>;
  private readonly options: LaneOptions;
  private readonly abandon = new AbortController();
  private watcher: number | undefined;
  private stopping: Promise<void> | undefined;
  private readonly growth = new Growth();

  constructor(options: LaneOptions) {
    this.options = options;
    this.ended = this.follow();
    // Whoever awaits it sees the failure.
    this.ended.catch(() => {});
  }

  /** Ends the steps' processes, and what the supervisor itself cannot end. Settles when nothing of them is followed any more. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async follow(): Promise<LaneEnd> {
    const { request, lane, launched, startedAt, patienceMs } = this.options;
    const processEnd = new AbortController();
    launched?.exited().then(
      () => processEnd.abort(),
      () => processEnd.abort(),
    );
    try {
      return await followLane({
        lane,
        growth: this.growth,
        times: new StepTimes(Date.parse(startedAt)),
        ended: processEnd.signal,
        abandoned: this.abandon.signal,
        patienceMs,
        onHello: (watcher) => (this.watcher = watcher),
        onStart: (step, at) => this.start(step, at),
        onEnd: (step, end, facts) => {
          const { log, title } = this.describe(step);
          request.onEvent({ at: end.endedAt, event: 'step-end', job: request.job.name, attempt: request.attempt, log, end });
          this.options.onEnd(step, { log, title, end, ...facts });
        },
      });
    } finally {
      this.growth.close();
    }
  }

  /** With a name that can be shown. */
  private describe(step: number): ReturnType<LaneOptions['describe']> {
    const { title, ...described } = this.options.describe(step);
    return { ...described, title: { ...title, name: this.options.masker?.text(title.name) ?? title.name } };
  }

  private async start(step: number, at: string): Promise<StepOutput> {
    const { request, lane, masker } = this.options;
    const { job, attempt, record } = request;
    const { log, title, onBytes } = this.describe(step);
    const { name } = title;
    request.onEvent({ at, event: 'step-start', job: job.name, attempt, log, name });
    const command = typeof title.command === 'string' ? title.command : title.command.join(' ');
    return StepOutput.open({
      lane,
      step,
      file: join(jobLogsDir(record, job.id), `${log}.log`),
      header: { format: 1, job: job.name, attempt, name, command: (masker?.text(command) ?? command).slice(0, longestCommand), at },
      masker,
      onBytes,
    });
  }

  private async end(): Promise<void> {
    const { request, lane, marker } = this.options;
    const { executor, graceSeconds } = request;
    const limitMs = graceSeconds * 1000 + slackMs;
    const over = this.ended.then(
      () => true,
      // Its processes go on, unseen.
      () => this.hasGone(limitMs),
    );
    const isOver = (ms: number) => Promise.race([over, sleep(ms, false, { ref: false })]);
    // One that is just starting is told once it can hear.
    for (let waited = 0; this.watcher === undefined && waited < limitMs; waited += 50) if (await isOver(50)) return;
    if (this.watcher !== undefined && (await isAlive(lane))) await executor.signal(this.watcher, 'TERM').catch(() => {});
    if (await isOver(limitMs)) return;
    await endLeftovers(executor, marker, graceSeconds);
    if (await isOver(slackMs)) return;
    this.abandon.abort();
    await this.ended.catch(() => {});
  }

  private async hasGone(limitMs: number): Promise<boolean> {
    for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) if (!(await isAlive(this.options.lane))) return true;
    return false;
  }
}
