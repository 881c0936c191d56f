import type { LogChunk } from '../engine/model.ts';

/** One line of a service's log, without its line break. */
export interface LogLine {
  /** ISO 8601 with nanoseconds, as the engine stamped it. */
  readonly at: string;
  readonly stream: LogChunk['stream'];
  readonly text: string;
}

/** The lines of a log that was asked for with timestamps: each begins with its own. */
export async function* readLines(chunks: AsyncIterable<LogChunk>): AsyncGenerator<LogLine> {
  const left: Record<LogChunk['stream'], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, data } of chunks) {
    let rest = Buffer.concat([left[stream], data]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield parse(stream, rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    left[stream] = rest;
  }
  for (const stream of ['stdout', 'stderr'] as const) if (left[stream].length > 0) yield parse(stream, left[stream]);
}

function parse(stream: LogChunk['stream'], line: Buffer): LogLine {
  const space = line.indexOf(0x20);
  return { at: line.subarray(0, Math.max(0, space)).toString('latin1'), stream, text: line.subarray(space + 1).toString('utf8') };
}

/** By the nanosecond, whatever time zone an engine stamps in. */
export function isAfter(at: string, other: string): boolean {
  const ms = Date.parse(at) - Date.parse(other);
  return ms === 0 ? nanosecondsOf(at) > nanosecondsOf(other) : ms > 0;
}

const nanosecondsOf = (at: string) => Number((/\.([0-9]+)/.exec(at)?.[1] ?? '').padEnd(9, '0').slice(0, 9));
