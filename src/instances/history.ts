import { appendFile } from 'node:fs/promises';
import { endsWithNewline, readFileIfAny, stateError } from '../state/atomic.ts';
import { instanceHistoryFile, type Paths } from '../state/paths.ts';
import type { HistoryEntry } from './model.ts';

/** A line as it is written: an operation writes one, however often it is recovered. */
interface HistoryLine {
  readonly version: string;
  readonly image_digest: string;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly outcome: HistoryEntry['outcome'];
  readonly reason?: string;
  readonly operation?: string;
}

/** Oldest first. A line that a power cut left half is left out. */
export async function readHistory(paths: Paths, instance: string): Promise<readonly HistoryEntry[]> {
  return (await readLines(paths, instance)).map(({ version, image_digest, updated_at, updated_by, outcome, reason }) => ({
    version,
    imageDigest: image_digest,
    updatedAt: updated_at,
    updatedBy: updated_by,
    outcome,
    ...(reason === undefined ? {} : { reason }),
  }));
}

/** Whether an operation has written its line. */
export async function isRecorded(paths: Paths, instance: string, operation: string): Promise<boolean> {
  return (await readLines(paths, instance)).some((line) => line.operation === operation);
}

/** The operation that wrote the newest line. */
export async function lastOperationOf(paths: Paths, instance: string): Promise<string | undefined> {
  return (await readLines(paths, instance)).at(-1)?.operation;
}

export async function appendHistory(paths: Paths, instance: string, entry: HistoryEntry, operation: string): Promise<void> {
  const file = instanceHistoryFile(paths, instance);
  if (await isRecorded(paths, instance, operation)) return;
  const line: HistoryLine = {
    version: entry.version,
    image_digest: entry.imageDigest,
    updated_at: entry.updatedAt,
    updated_by: entry.updatedBy,
    outcome: entry.outcome,
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    operation,
  };
  try {
    await appendFile(file, `${(await endsWithNewline(file)) ? '' : '\n'}${JSON.stringify(line)}\n`, { mode: 0o600, flush: true });
  } catch (cause) {
    throw stateError('write', file, cause);
  }
}

async function readLines(paths: Paths, instance: string): Promise<readonly HistoryLine[]> {
  const text = (await readFileIfAny(instanceHistoryFile(paths, instance))) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      const value = JSON.parse(line) as HistoryLine | null;
      return typeof value?.version === 'string' ? [value] : [];
    } catch {
      return [];
    }
  });
}
