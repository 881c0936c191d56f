import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
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
  const descriptor = openSync(file, 'r');
  try {
    let position = options.from ?? 0;
    if (position === 0) {
      const first = readHeader(descriptor);
      if (first === undefined) return;
      position = first.length;
      yield { header: first.header, frames: [], position };
    }
    let size = step;
    for (;;) {
      const bytes = readAt(descriptor, position, size);
      const { frames, length, state } = parseFrames(bytes);
      position += length;
      if (frames.length > 0) yield { frames, position };
      if (state === 'broken' || bytes.length < size) return;
      // A frame longer than what was read: the next look takes more.
      size = frames.length > 0 ? step : Math.min(size * 4, longestFrame + step);
    }
  } finally {
    closeSync(descriptor);
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
function readHeader(descriptor: number): { readonly header: LogHeader; readonly length: number } | undefined {
  const bytes = readAt(descriptor, 0, longestHeader);
  const newline = bytes.indexOf(0x0a);
  if (newline < 0) return undefined;
  try {
    const header = JSON.parse(bytes.toString('utf8', 0, newline)) as LogHeader;
    return header.format === 1 ? { header, length: newline + 1 } : undefined;
  } catch {
    return undefined;
  }
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, fstatSync(descriptor).size - position)));
  let filled = 0;
  while (filled < buffer.length) {
    const more = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
    if (more === 0) break;
    filled += more;
  }
  return buffer.subarray(0, filled);
}
