import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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
  private readonly handle: FileHandle;
  private position: number;
  private at: number;

  private constructor(file: string, handle: FileHandle, position: number, progress: LogProgress) {
    this.file = file;
    this.handle = handle;
    this.position = position;
    this.progress = progress;
    this.at = progress.at;
  }

  /** Begins a log, or goes on with the one that a driver that died has begun. */
  static async open(file: string, header: LogHeader): Promise<LogWriter> {
    try {
      const made = await create(file);
      const found = made === undefined ? await scan(file) : undefined;
      const handle = made ?? (await open(file, constants.O_WRONLY | constants.O_CREAT, 0o644));
      if (found !== undefined) {
        await handle.truncate(found.position);
        return new LogWriter(file, handle, found.position, found);
      }
      if (made === undefined) await handle.truncate(0);
      const writer = new LogWriter(file, handle, 0, { offsets: { stdout: 0, stderr: 0 }, at: 0 });
      await writer.write(formatHeader(header));
      return writer;
    } catch (cause) {
      throw stateError('write', file, cause);
    }
  }

  /** `at`: milliseconds since 1970; one before the last frame's is that of the last frame. `offset`: in the step's own stream, after these bytes. */
  async append(stream: Stream, bytes: Buffer, offset: number, at: number): Promise<void> {
    this.at = Math.max(this.at, at);
    await this.write(formatFrame({ kind: 'chunk', at: this.at, stream, bytes, offset }));
  }

  async end(end: StepEnd, at: number): Promise<void> {
    this.at = Math.max(this.at, at);
    await this.write(formatFrame({ kind: 'end', at: this.at, end }));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async write(bytes: Buffer): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, this.position + written);
        written += bytesWritten;
      }
      this.position += bytes.length;
    } catch (cause) {
      throw stateError('write', this.file, cause);
    }
  }
}

/** `undefined`: there is one already. */
async function create(file: string): Promise<FileHandle | undefined> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return await open(file, flags, 0o644);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined;
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeDirectory(dirname(file));
    return await open(file, flags, 0o644);
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
