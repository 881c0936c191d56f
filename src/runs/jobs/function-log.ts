import { join } from 'node:path';
import { jobLogsDir } from '../logs/run-logs.ts';
import { LogWriter } from '../logs/writer.ts';
import type { StepEnd, Stream } from '../model.ts';
import type { Masker, MaskStream } from '../secrets/masker.ts';
import type { JobRequest } from './model.ts';

/** What a job's function prints itself: a log like those of its commands, made when it prints something. */
export class FunctionLog {
  private readonly request: JobRequest;
  private readonly takeNumber: () => number;
  private readonly streams: Readonly<Record<Stream, MaskStream>>;
  private readonly masker: Masker;
  private log: { readonly number: number; readonly startedAt: string; readonly writer: Promise<LogWriter> } | undefined;
  /** Chunks are written one after the other, each when it came. */
  private last: Promise<void> = Promise.resolve();

  constructor(request: JobRequest, masker: Masker, takeNumber: () => number) {
    this.request = request;
    this.masker = masker;
    this.takeNumber = takeNumber;
    this.streams = { stdout: masker.stream(), stderr: masker.stream() };
  }

  write(stream: Stream, chunk: Buffer): void {
    this.log ??= this.begin();
    const { log } = this;
    const at = Date.now();
    this.last = this.last.then(async () => {
      const { bytes, consumed } = this.streams[stream].push(chunk);
      if (bytes.length > 0) (await log.writer).append(stream, bytes, consumed, at);
    });
    // Seen when it is ended.
    this.last.catch(() => {});
  }

  /** Throws where something of it could not be written. */
  async end(facts: Pick<StepEnd, 'reason' | 'exitCode'>): Promise<void> {
    const { log, request } = this;
    if (log === undefined) return;
    const writer = await log.writer;
    try {
      await this.last;
      for (const stream of ['stdout', 'stderr'] as const) {
        const { bytes, consumed } = this.streams[stream].end();
        if (bytes.length > 0) writer.append(stream, bytes, consumed, Date.now());
      }
      const end: StepEnd = { ...facts, startedAt: log.startedAt, endedAt: new Date().toISOString() };
      writer.end(end, Date.now());
      request.onEvent({ at: end.endedAt, event: 'step-end', job: request.job.name, attempt: request.attempt, log: log.number, end });
    } finally {
      writer.close();
    }
  }

  private begin(): NonNullable<typeof this.log> {
    const { job, attempt, record, onEvent } = this.request;
    const number = this.takeNumber();
    const startedAt = new Date().toISOString();
    const name = 'output of the function';
    onEvent({ at: startedAt, event: 'step-start', job: job.name, attempt, log: number, name });
    const header = { format: 1, job: this.masker.text(job.name), attempt, name, command: '', at: startedAt } as const;
    return { number, startedAt, writer: LogWriter.open(join(jobLogsDir(record, job.id), `${number}.log`), header) };
  }
}
