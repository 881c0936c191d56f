import { type FileHandle, open } from 'node:fs/promises';
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
  private readonly handle: FileHandle;
  private readonly now: () => Date;
  /** Lines are written whole and in their order, also those of jobs side by side. */
  private last: Promise<void> = Promise.resolve();
  /** A line was cut off, by a crash or a full disk: the next begins on a line of its own. */
  private torn: boolean;

  private constructor(file: string, handle: FileHandle, now: () => Date, torn: boolean) {
    this.file = file;
    this.handle = handle;
    this.now = now;
    this.torn = torn;
  }

  static async open(paths: Paths, ref: RunRef, now: () => Date): Promise<EventLog> {
    const file = eventsFile(paths, ref);
    try {
      const torn = !(await endsWithNewline(file));
      return new EventLog(file, await open(file, 'a'), now, torn);
    } catch (cause) {
      throw stateError('write', file, cause);
    }
  }

  write(happening: Happening): Promise<void> {
    const line = `${JSON.stringify({ at: this.now().toISOString(), ...happening })}\n`;
    const written = this.last.then(() => this.append(line));
    this.last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.last;
    await this.handle.close();
  }

  private async append(line: string): Promise<void> {
    const text = `${this.torn ? '\n' : ''}${line}`;
    this.torn = true;
    await this.handle.appendFile(text).catch((cause: unknown) => {
      throw stateError('write', this.file, cause);
    });
    this.torn = false;
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
