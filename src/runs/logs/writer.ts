import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, makeDirectory, stateError } from '../../state/atomic.ts';
import type { StepEnd, Stream } from '../model.ts';
import { formatFrame, formatHeader, type LogHeader } from './format.ts';
import { readLog } from './reader.ts';

/** How far a log has got. */
export interface LogProgress {
  readonly offsets: Readonly<Record<Stream, number>>;
  /** Of the last frame, milliseconds since 1970. */
  readonly at: number;
  readonly end?: StepEnd;
}

/** The one writer of a step's log. What a crash or a full disk cut off in the middle is written over. */
export class LogWriter {
  readonly progress: LogProgress;
  private readonly file: string;
  /** -1 once it is closed: what comes later must not go into the file that gets its number next. */
  private descriptor: number;
  private position: number;
  private at: number;

  private constructor(file: string, descriptor: number, position: number, progress: LogProgress) {
    this.file = file;
    this.descriptor = descriptor;
    this.position = position;
    this.progress = progress;
    this.at = progress.at;
  }

  /** Begins a log, or goes on with the one that a driver that died has begun. */
  static async open(file: string, header: LogHeader): Promise<LogWriter> {
    try {
      const made = await create(file);
      const found = made === undefined ? await scan(file) : undefined;
      const descriptor = made ?? openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o644);
      if (made === undefined) ftruncateSync(descriptor, found?.position ?? 0);
      if (found !== undefined) return new LogWriter(file, descriptor, found.position, found);
      const writer = new LogWriter(file, descriptor, 0, { offsets: { stdout: 0, stderr: 0 }, at: 0 });
      writer.write(formatHeader(header));
      return writer;
    } catch (cause) {
      throw stateError('write', file, cause);
    }
  }

  /** `at`: milliseconds since 1970; one before the last frame's is that of the last frame. `offset`: in the step's own stream, after these bytes. */
  append(stream: Stream, bytes: Buffer, offset: number, at: number): void {
    this.at = Math.max(this.at, at);
    this.write(formatFrame({ kind: 'chunk', at: this.at, stream, bytes, offset }));
  }

  end(end: StepEnd, at: number): void {
    this.at = Math.max(this.at, at);
    this.write(formatFrame({ kind: 'end', at: this.at, end }));
  }

  close(): void {
    closeSync(this.descriptor);
    this.descriptor = -1;
  }

  private write(bytes: Buffer): void {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.descriptor, bytes, written, bytes.length - written, this.position + written);
      }
      this.position += bytes.length;
    } catch (cause) {
      throw stateError('write', this.file, cause);
    }
  }
}

/** `undefined`: there is one already. */
async function create(file: string): Promise<number | undefined> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return openSync(file, flags, 0o644);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined;
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeDirectory(dirname(file));
    return openSync(file, flags, 0o644);
  }
}

/** `undefined`: there is no log yet, or none that has its first line. */
async function scan(file: string): Promise<(LogProgress & { readonly position: number }) | undefined> {
  const offsets = { stdout: 0, stderr: 0 };
  let at = 0;
  let end: StepEnd | undefined;
  let position = 0;
  try {
    for await (const batch of readLog(file)) {
      position = batch.position;
      for (const frame of batch.frames) {
        at = frame.at;
        if (frame.kind === 'end') end = frame.end;
        else offsets[frame.stream] = frame.offset;
      }
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return position === 0 ? undefined : { offsets, at, position, ...(end === undefined ? {} : { end }) };
}
