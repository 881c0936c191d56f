import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endsWithNewline, makeDirectory, stateError, syncDirectory } from '../state/atomic.ts';
import { type JournalBegin, type JournalLine, openDir, openFile } from './journal.ts';

/**
 * The journal of one operation at work; one process writes it. Synchronously, as locks are: nothing else may happen before a line
 * stands, and a dozen turns of the thread pool take longer than the lines.
 */
export class JournalWriter {
  private readonly directory: string;
  private readonly file: string;
  /** `undefined` once it is closed: the number may be another file's by then. */
  private handle: number | undefined;
  /** A line was cut off, by a crash or a full disk: the next begins on a line of its own. */
  private torn = false;

  private constructor(directory: string, file: string, handle: number) {
    this.directory = directory;
    this.file = file;
    this.handle = handle;
  }

  static async begin(directory: string, begin: JournalBegin): Promise<JournalWriter> {
    const file = openFile(directory, begin.operation);
    let writer: JournalWriter | undefined;
    try {
      await makeDirectory(openDir(directory));
      writer = new JournalWriter(directory, file, openSync(file, 'ax'));
      await writer.write(begin);
      await writer.sync();
      await syncDirectory(openDir(directory));
      return writer;
    } catch (cause) {
      await writer?.close().catch(() => {});
      if (writer) rmSync(file, { force: true });
      throw stateError('write', file, cause);
    }
  }

  /** Takes over the journal of an operation that was cut off. */
  static async resume(directory: string, operation: string): Promise<JournalWriter> {
    const file = openFile(directory, operation);
    try {
      const writer = new JournalWriter(directory, file, openSync(file, 'a'));
      writer.torn = !(await endsWithNewline(file));
      return writer;
    } catch (cause) {
      throw stateError('write', file, cause);
    }
  }

  async write(line: JournalLine): Promise<void> {
    const text = `${this.torn ? '\n' : ''}${JSON.stringify(line)}\n`;
    this.torn = true;
    try {
      appendFileSync(this.opened(), text);
    } catch (cause) {
      throw stateError('write', this.file, cause);
    }
    this.torn = false;
  }

  /** To the disk. Only what recovery cannot observe needs it: the beginning and the commit. */
  async sync(): Promise<void> {
    try {
      fsyncSync(this.opened());
    } catch (cause) {
      throw stateError('write', this.file, cause);
    }
  }

  /** Writes the end and moves the operation to its month's file. A crash in between leaves it in both: readers take the first. */
  async end(line: Extract<JournalLine, { type: 'end' }>): Promise<void> {
    await this.write(line);
    await this.archive(line.at);
  }

  /** Moves an operation whose end is written to the month's file. */
  async archive(at: string): Promise<void> {
    await this.close();
    await moveToMonth(this.directory, this.file, at);
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    if (handle !== undefined) closeSync(handle);
  }

  private opened(): number {
    if (this.handle === undefined) throw new Error('it is closed');
    return this.handle;
  }
}

async function moveToMonth(directory: string, file: string, at: string): Promise<void> {
  const month = join(directory, `${at.slice(0, 7)}.jsonl`);
  try {
    const lines = readFileSync(file, 'utf8');
    appendFileSync(month, (await endsWithNewline(month)) ? lines : `\n${lines}`);
    rmSync(file, { force: true });
  } catch (cause) {
    throw stateError('write', month, cause);
  }
}

/** Removes an operation's journal that holds no whole line. */
export async function dropEmptyOperation(directory: string, operation: string): Promise<void> {
  rmSync(openFile(directory, operation), { force: true });
}
