import type { App, Json } from '../../operations/model.ts';
import { EventLog, type Happening } from '../events.ts';
import type { RunPhase, RunRef } from '../model.ts';
import type { Masker, MaskStream } from '../secrets/masker.ts';

/** A run's events as its driver writes them: masked, and without an effect on the run where a line cannot be written. */
export class RunEvents {
  phase: RunPhase = 'queued';
  /** Names of steps by job and number of the log. */
  readonly steps = new Map<string, string>();
  private readonly log: EventLog;
  private readonly onFailure: (error: unknown) => void;
  private masker: Masker | undefined;

  private constructor(log: EventLog, onFailure: (error: unknown) => void) {
    this.log = log;
    this.onFailure = onFailure;
  }

  static async open(app: App, ref: RunRef, onFailure: (error: unknown) => void): Promise<RunEvents> {
    return new RunEvents(await EventLog.open(app.paths, ref, () => app.clock.now()), onFailure);
  }

  /** From now on nothing is written that has a secret in it. */
  maskWith(masker: Masker): void {
    this.masker = masker;
  }

  maskStream(): MaskStream | undefined {
    return this.masker?.stream();
  }

  masked<T extends object>(value: T): T {
    return (this.masker?.json(value as unknown as Json) ?? value) as T;
  }

  async enter(phase: RunPhase): Promise<void> {
    this.phase = phase;
    await this.write({ event: 'phase', phase });
  }

  note(text: string): Promise<void> {
    return this.write({ event: 'note', text });
  }

  async write(happening: Happening): Promise<void> {
    const masked = this.masked(happening);
    if (masked.event === 'step-start') this.steps.set(`${masked.job} ${masked.log}`, masked.name);
    await this.log.write(masked).catch(this.onFailure);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
