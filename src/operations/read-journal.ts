import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, stateError } from '../state/atomic.ts';
import { type JournalLine, openDir, openFile, type OperationRecord } from './journal.ts';

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
  const file = openFile(directory, operation);
  try {
    return gather(parseLines(readFileSync(file, 'utf8')));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw stateError('read', file, cause);
  }
}

/** Those open operations that hold, or held when they were cut off, one of these locks. */
export async function openOperationsUnder(directory: string, locks: readonly string[]): Promise<readonly OperationRecord[]> {
  const records = await Promise.all((await openOperations(directory)).map((operation) => readOpenOperation(directory, operation)));
  return records.filter((record) => record !== undefined).filter(({ begin }) => begin.locks.some((name) => locks.includes(name)));
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
