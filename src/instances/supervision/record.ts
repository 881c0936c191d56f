import type { Paths } from '../../state/paths.ts';
import { bootId } from '../../state/process-identity.ts';
import { readSupervision, type Supervision, writeSupervision } from './file.ts';

/** `supervision.json` as its one writer has it. */
export class SupervisionRecord {
  readonly #paths: Paths;
  readonly #instance: string;
  #now: Supervision;

  private constructor(paths: Paths, instance: string, now: Supervision) {
    this.#paths = paths;
    this.#instance = instance;
    this.#now = now;
  }

  /**
   * Goes on with what a supervisor that was killed in this boot had counted, so that a loop of both comes to its end; one that ended
   * in order, or gave up, was started again by somebody who wants it tried anew.
   */
  static async open(paths: Paths, instance: string): Promise<{ readonly record: SupervisionRecord; readonly goesOn: boolean }> {
    const before = await readSupervision(paths, instance).catch(() => undefined);
    const goesOn = before !== undefined && before.bootId === bootId() && (before.state === 'watching' || before.state === 'waiting');
    const nothing = { nextAttemptAt: undefined, failedAt: undefined, reason: undefined, startedAt: undefined };
    const now: Supervision = {
      format: 1,
      lastExit: undefined,
      process: undefined,
      ...before,
      ...nothing,
      state: 'watching',
      bootId: bootId(),
      restarts: goesOn ? before.restarts : [],
      startedAt: goesOn ? before.startedAt : undefined,
    };
    // What was said before is not true of this one.
    await writeSupervision(paths, instance, now);
    return { record: new SupervisionRecord(paths, instance, now), goesOn };
  }

  get now(): Supervision {
    return this.#now;
  }

  async write(patch: Partial<Supervision>): Promise<void> {
    const next = { ...this.#now, ...patch };
    if (JSON.stringify(next) === JSON.stringify(this.#now)) return;
    this.#now = next;
    await writeSupervision(this.#paths, this.#instance, next);
  }
}
