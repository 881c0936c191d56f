import { appendFileSync, closeSync, createReadStream, fsyncSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endsWithNewline, isMissing, makeDirectory, stateError, syncDirectory } from '../state/atomic.ts';
import type { ProcessIdentity } from '../state/process-identity.ts';
import type { Json, Plan } from './model.ts';

export interface JournalBegin {
  readonly format: 1;
  readonly type: 'begin';
  readonly operation: string;
  readonly verb: string;
  /** A person's words for it. */
  readonly summary: string;
  readonly wanted: Json;
  readonly locks: readonly string[];
  readonly plan: Plan;
  readonly at: string;
  readonly user: string;
  readonly pid: number;
  readonly command: string;
}

export type OperationOutcome = 'done' | 'failed' | 'completed' | 'undone' | 'abandoned';

export type JournalLine =
  | JournalBegin
  | { readonly type: 'intent'; readonly step: number; readonly at: string }
  | { readonly type: 'done'; readonly step: number; readonly at: string }
  /** Recovery planned again: the steps that follow are this plan's. */
  | { readonly type: 'replan'; readonly plan: Plan; readonly at: string }
  | { readonly type: 'child'; readonly process: Pick<ProcessIdentity, 'pid' | 'startTime' | 'bootId'>; readonly at: string }
  | {
      readonly type: 'end';
      readonly at: string;
      /** `completed` and `undone` are recovery's words; `abandoned`: recovery could do neither and says why. */
      readonly outcome: OperationOutcome;
      readonly error?: { readonly code: string; readonly message: string };
      /** Indexes of steps that cannot be repeated and whose result is unknown. */
      readonly unknown?: readonly number[];
    };

/** An operation as its journal tells it. */
export interface OperationRecord {
  readonly begin: JournalBegin;
  /** The plan that the step numbers below belong to. */
  readonly plan: Plan;
  /** A recovery has already decided to go forward. */
  readonly forward: boolean;
  readonly intended: ReadonlySet<number>;
  readonly done: ReadonlySet<number>;
  readonly children: readonly Pick<ProcessIdentity, 'pid' | 'startTime' | 'bootId'>[];
  readonly end: Extract<JournalLine, { type: 'end' }> | undefined;
}

export const openDir = (directory: string) => join(directory, 'open');

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
    const file = join(openDir(directory), `${begin.operation}.jsonl`);
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
    const file = join(openDir(directory), `${operation}.jsonl`);
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

/** Ids of operations that have not ended, oldest first. */
export async function openOperations(directory: string): Promise<readonly string[]> {
  try {
    return readdirSync(openDir(directory))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.slice(0, -'.jsonl'.length))
      .sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', openDir(directory), cause);
  }
}

/** `undefined`: it has been settled meanwhile, or was cut off before its first line was whole (then nothing had been done). */
export async function readOpenOperation(directory: string, operation: string): Promise<OperationRecord | undefined> {
  const file = join(openDir(directory), `${operation}.jsonl`);
  try {
    return gather(parseLines(readFileSync(file, 'utf8')));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', file, cause);
  }
}

/** Removes an operation's journal that holds no whole line. */
export async function dropEmptyOperation(directory: string, operation: string): Promise<void> {
  rmSync(join(openDir(directory), `${operation}.jsonl`), { force: true });
}

/** Every operation of the journal, oldest first, the open ones last. Months are read one at a time. */
export async function* readJournal(directory: string): AsyncGenerator<OperationRecord> {
  const { createInterface } = await import('node:readline');
  const seen = new Set<string>();
  for (const month of await months(directory)) {
    let lines: JournalLine[] = [];
    for await (const text of createInterface({ input: createReadStream(join(directory, month)), crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = parseLine(text);
      if (line === undefined) continue;
      if (line.type === 'begin') lines = [];
      lines.push(line);
      if (line.type !== 'end') continue;
      const record = gather(lines);
      if (record && !seen.has(record.begin.operation)) yield record;
      if (record) seen.add(record.begin.operation);
    }
  }
  for (const operation of await openOperations(directory)) {
    const record = seen.has(operation) ? undefined : await readOpenOperation(directory, operation);
    if (record) yield record;
  }
}

async function months(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', directory, cause);
  }
}

function parseLines(text: string): readonly JournalLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** A last line cut off by a crash is as good as not written. */
function parseLine(text: string): JournalLine | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as JournalLine);
  } catch {
    return undefined;
  }
}

function gather(lines: readonly JournalLine[]): OperationRecord | undefined {
  const begin = lines.find((line) => line.type === 'begin');
  if (begin === undefined) return undefined;
  const last = lines.findLastIndex((line) => line.type === 'replan');
  const replan = lines[last];
  const current = lines.slice(last + 1);
  return {
    begin,
    plan: replan?.type === 'replan' ? replan.plan : begin.plan,
    forward: last >= 0,
    intended: new Set(current.flatMap((line) => (line.type === 'intent' ? [line.step] : []))),
    done: new Set(current.flatMap((line) => (line.type === 'done' ? [line.step] : []))),
    children: lines.flatMap((line) => (line.type === 'child' ? [line.process] : [])),
    end: lines.find((line) => line.type === 'end'),
  };
}
