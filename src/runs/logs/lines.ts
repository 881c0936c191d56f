import type { Stream } from '../model.ts';
import type { LogChunk } from './format.ts';

/** A line of one stream, or a piece of a long one. */
export interface LogLine {
  /** When its first byte came, in milliseconds since 1970. */
  readonly at: number;
  readonly stream: Stream;
  /** Without the newline. */
  readonly bytes: Buffer;
  /** No newline stands behind it: the line goes on, or it is the last one and has none. */
  readonly partial: boolean;
}

/** As long as runtimes make them in logs of their own. */
const longestPiece = 16 * 1024;

/** Puts the lines of both streams together, whatever pieces they come in. In memory there is at most one piece of each. */
export class LineSplitter {
  private readonly open: Record<Stream, { at: number; parts: Buffer[]; length: number } | undefined> = { stdout: undefined, stderr: undefined };

  push({ at, stream, bytes }: Pick<LogChunk, 'at' | 'stream' | 'bytes'>): readonly LogLine[] {
    const lines: LogLine[] = [];
    for (let from = 0; from < bytes.length; ) {
      const line = this.open[stream] ?? { at, parts: [], length: 0 };
      this.open[stream] = line;
      const limit = from + longestPiece - line.length;
      const newline = bytes.subarray(from, limit).indexOf(0x0a);
      const to = newline < 0 ? Math.min(limit, bytes.length) : from + newline;
      line.parts.push(bytes.subarray(from, to));
      line.length += to - from;
      from = newline < 0 ? to : to + 1;
      if (newline >= 0 || line.length === longestPiece) {
        lines.push({ at: line.at, stream, bytes: Buffer.concat(line.parts), partial: newline < 0 });
        this.open[stream] = undefined;
      }
    }
    const parts = this.open[stream]?.parts;
    // A copy: the chunk that it is a part of is large.
    if (parts) parts.push(Buffer.from(parts.pop() ?? ''));
    return lines;
  }

  /** What no newline has ended, the older first. */
  end(): readonly LogLine[] {
    const rest = (['stdout', 'stderr'] as const).flatMap((stream): LogLine[] => {
      const line = this.open[stream];
      this.open[stream] = undefined;
      return line === undefined ? [] : [{ at: line.at, stream, bytes: Buffer.concat(line.parts), partial: true }];
    });
    return rest.sort((a, b) => a.at - b.at);
  }
}

/** A line as Kubernetes' container runtimes write it: `2026-11-21T03:53:12.123Z stdout F text`; `P`: no newline follows. */
export function formatCri({ at, stream, bytes, partial }: LogLine): Buffer {
  return Buffer.concat([Buffer.from(`${new Date(at).toISOString()} ${stream} ${partial ? 'P' : 'F'} `), bytes, Buffer.from('\n')]);
}
