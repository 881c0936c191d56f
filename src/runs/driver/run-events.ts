import type { App, Json } from '../../operations/model.ts';
import { EventLog, type Happening } from '../events.ts';
import type { Outcome, RunEvent, RunPhase, RunRef } from '../model.ts';
import type { Masker, MaskStream } from '../secrets/masker.ts';

/** A run's events as its driver writes them: masked, and without an effect on the run where a line cannot be written. */
export class RunEvents {
  phase: RunPhase = 'queued';
  /** Names of steps by job and number of the log. */
  readonly steps = new Map<string, string>();
  private readonly ended = new Set<string>();
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

  masked({ message, evidence, ...rest }: Outcome): Outcome {
    return { ...rest, message: this.text(message), evidence: (this.masker?.json(evidence) as Outcome['evidence'] | undefined) ?? evidence };
  }

  enter(phase: RunPhase): void {
    this.phase = phase;
    this.write({ event: 'phase', phase });
  }

  note(text: string): void {
    this.write({ event: 'note', text });
  }

  write(happening: Happening): void {
    if (this.isToldAgain(happening)) return;
    try {
      this.log.write(this.maskedHappening(happening));
    } catch (error) {
      this.onFailure(error);
    }
  }

  /** What an earlier driver has told. */
  resume(before: readonly RunEvent[], phase: RunPhase): void {
    this.phase = phase;
    for (const event of before) this.isToldAgain(event);
  }

  /** Who takes over a job follows it from its beginning. */
  private isToldAgain(happening: Happening): boolean {
    if (happening.event !== 'step-start' && happening.event !== 'step-end') return false;
    const step = `${happening.job} ${happening.log}`;
    if (happening.event === 'step-end') return this.hasEnded(step);
    const isKnown = this.steps.has(step);
    this.steps.set(step, this.text(happening.name));
    return isKnown;
  }

  private hasEnded(step: string): boolean {
    const isKnown = this.ended.has(step);
    this.ended.add(step);
    return isKnown;
  }

  /** Names of jobs are no secrets, and what belongs together is found by them. */
  private maskedHappening(happening: Happening): Happening {
    switch (happening.event) {
      case 'job': {
        const { reason, output, ...rest } = happening;
        return {
          ...rest,
          ...(reason === undefined ? {} : { reason: this.text(reason) }),
          ...(output === undefined ? {} : { output: this.masker?.json<Json>(output) ?? output }),
        };
      }
      case 'step-start':
        return { ...happening, name: this.text(happening.name) };
      case 'note':
        return { ...happening, text: this.text(happening.text) };
      default:
        return happening;
    }
  }

  private text(text: string): string {
    return this.masker?.text(text) ?? text;
  }

  close(): void {
    this.log.close();
  }
}
