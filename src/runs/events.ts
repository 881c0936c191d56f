import { appendFileSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithNewline, readFileIfAny, stateError } from '../state/atomic.ts';
import { type Paths, runDir } from '../state/paths.ts';
import type { RunEvent, RunRef } from './model.ts';

export const eventsFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'events.jsonl');

type Without<T> = T extends unknown ? Omit<T, 'at'> : never;
/** What happened, without its moment. */
export type Happening = Without<RunEvent>;

/** `events.jsonl` of one run; its driver alone writes it. */
export class EventLog {
  private readonly file: string;
  /** -1 once it is closed: what comes later must not go into the file that gets its number next. */
  private descriptor: number;
  private readonly now: () => Date;
  /** A line was cut off, by a crash or a full disk: the next begins on a line of its own. */
  private torn: boolean;

  private constructor(file: string, descriptor: number, now: () => Date, torn: boolean) {
    this.file = file;
    this.descriptor = descriptor;
    this.now = now;
    this.torn = torn;
  }

  static async open(paths: Paths, ref: RunRef, now: () => Date): Promise<EventLog> {
    const file = eventsFile(paths, ref);
    try {
      const torn = !(await endsWithNewline(file));
      return new EventLog(file, openSync(file, 'a'), now, torn);
    } catch (cause) {
      throw stateError('write', file, cause);
    }
  }

  write(happening: Happening): void {
    const text = `${this.torn ? '\n' : ''}${JSON.stringify({ at: this.now().toISOString(), ...happening })}\n`;
    this.torn = true;
    try {
      appendFileSync(this.descriptor, text);
    } catch (cause) {
      throw stateError('write', this.file, cause);
    }
    this.torn = false;
  }

  close(): void {
    closeSync(this.descriptor);
    this.descriptor = -1;
  }
}

export async function readEvents(paths: Paths, ref: RunRef): Promise<readonly RunEvent[]> {
  return parseEvents((await readFileIfAny(eventsFile(paths, ref))) ?? '');
}

/** A line that a crash cut off is as good as not written. */
export function parseEvents(text: string): readonly RunEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as RunEvent];
    } catch {
      return [];
    }
  });
}
