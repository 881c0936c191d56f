import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { LogFrame } from '../../runs/logs/format.ts';
import { LineSplitter } from '../../runs/logs/lines.ts';
import type { RunEvent } from '../../runs/model.ts';
import { durationText } from './show-text.ts';

/**
 * Prints a run as it goes: a line for what begins and ends, and the output of steps, which has the job's name before each line where the
 * job runs, or has run, beside another.
 */
export class RunPrinter {
  private readonly out: Writable & { readonly isTTY?: boolean };
  private readonly colored: boolean;
  private readonly running = new Map<string, string>();
  /** Which had another one beside them when they last ran: what they write may come when that has ended. */
  private readonly beside = new Set<string>();
  private readonly splitters = new Map<string, LineSplitter>();
  private atLineStart = true;

  constructor(out: Writable & { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>) {
    this.out = out;
    this.colored = out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  isRunning(job: string): boolean {
    return this.running.has(job);
  }

  /** What a person is told of an event; output comes from the logs. */
  async event(event: RunEvent): Promise<void> {
    switch (event.event) {
      case 'phase':
        if (event.phase === 'queued' || event.phase === 'image' || event.phase === 'container') await this.line(phaseWords[event.phase]);
        return;
      case 'note':
        return this.line(event.text);
      case 'driver':
        return event.adopted ? this.line('The process that looked after this run has died; another one goes on.') : undefined;
      case 'job':
        return this.job(event);
      default:
    }
  }

  /** A step's output. */
  async frames(job: string, log: string, frames: readonly LogFrame[]): Promise<void> {
    for (const frame of frames) {
      if (frame.kind === 'end') await this.flush(job, log);
      else if (this.beside.has(job)) await this.prefixed(job, log, frame);
      else {
        await this.flush(job, log);
        await this.write(frame.bytes);
      }
    }
  }

  /** Another program's output, as it comes. */
  output(bytes: Buffer): Promise<void> {
    return this.write(bytes);
  }

  /** A line of Slipway's own. */
  line(text: string): Promise<void> {
    return this.text(this.colored ? `\u001b[1m${text}\u001b[0m` : text);
  }

  /** The same, as it is. */
  async text(text: string): Promise<void> {
    await this.newLine();
    await this.write(Buffer.from(`${text}\n`));
  }

  private async job({ job, state, attempt, reason, at }: Extract<RunEvent, { event: 'job' }>): Promise<void> {
    const why = reason === undefined ? '' : `: ${reason}`;
    if (state === 'running') {
      this.running.set(job, at);
      this.beside.delete(job);
      if (this.running.size > 1) for (const one of this.running.keys()) this.beside.add(one);
      return this.line(`${job}: ${attempt > 1 ? `running, attempt ${attempt}` : 'running'}`);
    }
    const since = this.running.get(job);
    this.running.delete(job);
    await this.line(`${job}: ${state}${since === undefined ? '' : ` after ${durationText(since, at)}`}${why}`);
  }

  private async prefixed(job: string, log: string, chunk: Extract<LogFrame, { kind: 'chunk' }>): Promise<void> {
    const key = `${job} ${log}`;
    const splitter = this.splitters.get(key) ?? new LineSplitter();
    this.splitters.set(key, splitter);
    for (const { bytes } of splitter.push(chunk)) await this.prefixedLine(job, bytes);
  }

  private async flush(job: string, log: string): Promise<void> {
    const key = `${job} ${log}`;
    for (const { bytes } of this.splitters.get(key)?.end() ?? []) if (bytes.length > 0) await this.prefixedLine(job, bytes);
    this.splitters.delete(key);
  }

  private async prefixedLine(job: string, bytes: Buffer): Promise<void> {
    await this.newLine();
    await this.write(Buffer.concat([Buffer.from(`${job} | `), bytes, Buffer.from('\n')]));
  }

  private async newLine(): Promise<void> {
    if (!this.atLineStart) await this.write(Buffer.from('\n'));
  }

  private async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    this.atLineStart = bytes.at(-1) === 0x0a;
    if (!this.out.write(bytes)) await once(this.out, 'drain');
  }
}

const phaseWords = { queued: 'Waiting in the queue', image: 'Preparing the image', container: 'Starting the container' } as const;
