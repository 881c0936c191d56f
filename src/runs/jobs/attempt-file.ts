import { join } from 'node:path';
import { readFileIfAny, writeFileAtomic } from '../../state/atomic.ts';
import { jobLogsDir, logsOfJob } from '../logs/run-logs.ts';

/** What the driver that takes an attempt over has to know, in the record, where no container can write. */
export interface AttemptFile {
  /** The supervisor's folder in the channel. */
  readonly lane: string;
  /** The number of its first step's log; the others follow. */
  readonly firstLog: number;
  readonly startedAt: string;
}

const attemptFile = (record: string, job: string, attempt: number) => join(jobLogsDir(record, job), `attempt-${attempt}.json`);

/** `undefined`: its supervisor was not started. */
export async function readAttempt(record: string, job: string, attempt: number): Promise<AttemptFile | undefined> {
  const text = await readFileIfAny(attemptFile(record, job, attempt));
  return text === undefined ? undefined : (JSON.parse(text) as AttemptFile);
}

/** Written before the supervisor is started. */
export async function writeAttempt(record: string, job: string, attempt: number, content: AttemptFile): Promise<void> {
  await writeFileAtomic(attemptFile(record, job, attempt), `${JSON.stringify({ format: 1, ...content })}\n`);
}

/** The number of the next log of a job, over all its attempts. */
export async function nextLog(record: string, job: string): Promise<number> {
  return ((await logsOfJob(record, job)).at(-1) ?? 0) + 1;
}
