import { type FileHandle, open } from 'node:fs/promises';
import { type LogFrame, type LogHeader, longestFrame, longestHeader, parseFrame } from './format.ts';

/** Some frames of a log, in order. The first batch of a log has its header instead. */
export interface LogBatch {
  readonly header?: LogHeader;
  readonly frames: readonly LogFrame[];
  /** Where in the file it ends: reading can go on from there. */
  readonly position: number;
}

export interface ReadLogOptions {
  /** Where a batch ended. Default: the beginning. */
  readonly from?: number;
}

const step = 256 * 1024;

/** The whole frames that a log has now; what a crash cut off is left out. In memory there is one frame, and no more than 256 KiB beside it. */
export async function* readLog(file: string, options: ReadLogOptions = {}): AsyncGenerator<LogBatch> {
  const handle = await open(file, 'r');
  try {
    let position = options.from ?? 0;
    if (position === 0) {
      const first = await readHeader(handle);
      if (first === undefined) return;
      position = first.length;
      yield { header: first.header, frames: [], position };
    }
    let size = step;
    for (;;) {
      const bytes = await readAt(handle, position, size);
      const { frames, length, state } = parseFrames(bytes);
      position += length;
      if (frames.length > 0) yield { frames, position };
      if (state === 'broken' || bytes.length < size) return;
      // A frame longer than what was read: the next look takes more.
      size = frames.length > 0 ? step : Math.min(size * 4, longestFrame + step);
    }
  } finally {
    await handle.close();
  }
}

function parseFrames(bytes: Buffer): { readonly frames: readonly LogFrame[]; readonly length: number; readonly state: 'short' | 'broken' } {
  const frames: LogFrame[] = [];
  for (let at = 0; ; ) {
    const parsed = parseFrame(bytes.subarray(at));
    if (parsed === 'short' || parsed === 'broken') return { frames, length: at, state: parsed };
    frames.push(parsed.frame);
    at += parsed.length;
  }
}

/** `undefined`: its first line is not whole yet, or no header. */
async function readHeader(handle: FileHandle): Promise<{ readonly header: LogHeader; readonly length: number } | undefined> {
  const bytes = await readAt(handle, 0, longestHeader);
  const newline = bytes.indexOf(0x0a);
  if (newline < 0) return undefined;
  try {
    const header = JSON.parse(bytes.toString('utf8', 0, newline)) as LogHeader;
    return header.format === 1 ? { header, length: newline + 1 } : undefined;
  } catch {
    return undefined;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
