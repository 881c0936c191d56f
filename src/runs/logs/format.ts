import type { StepEnd, Stream } from '../model.ts';

/**
 * A step's log, `jobs/<id>/<n>.log`: a line of JSON that says what it is of, then a frame for each piece of output:
 * `<ms since 1970> <o|e|x> <offset> <length>`, a newline, that many raw bytes, a newline. `o` and `e` are the streams; `offset` is how far
 * into the step's own stream the log has got with this frame, which masking makes differ from the bytes that stand here: a driver
 * that takes over goes on from there. `x` is the last frame, and its bytes are JSON: how the step ended.
 */
export interface LogHeader {
  readonly format: 1;
  /** The job's name. */
  readonly job: string;
  readonly attempt: number;
  readonly name: string;
  /** As a person writes it, at most 4,096 characters; secrets are masked. */
  readonly command: string;
  readonly at: string;
}

export interface LogChunk {
  readonly kind: 'chunk';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly stream: Stream;
  readonly bytes: Buffer;
  /** In the step's own stream, after this chunk. */
  readonly offset: number;
}

export interface LogEnd {
  readonly kind: 'end';
  readonly at: number;
  readonly end: StepEnd;
}

export type LogFrame = LogChunk | LogEnd;

/** A masked chunk can be longer than what was read; nothing longer is believed. */
export const longestFrame = 16 * 1024 * 1024;
export const longestHeader = 64 * 1024;
const longestHead = 64;

export function formatHeader(header: LogHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

export function formatFrame(frame: LogFrame): Buffer {
  const [letter, offset, bytes] =
    frame.kind === 'end' ? ['x', 0, Buffer.from(JSON.stringify(frame.end))] : [frame.stream === 'stdout' ? 'o' : 'e', frame.offset, frame.bytes];
  return Buffer.concat([Buffer.from(`${Math.trunc(frame.at)} ${letter} ${offset} ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

/** What stands at the beginning of `bytes`: a frame and its length there, `'short'` where more bytes are needed, `'broken'` where it is none. */
export function parseFrame(bytes: Buffer): { readonly frame: LogFrame; readonly length: number } | 'short' | 'broken' {
  const newline = bytes.subarray(0, longestHead).indexOf(0x0a);
  if (newline < 0) return bytes.length < longestHead ? 'short' : 'broken';
  const match = /^(\d{1,15}) ([oex]) (\d{1,15}) (\d{1,8})$/.exec(bytes.toString('latin1', 0, newline));
  const size = Number(match?.[4]);
  if (match === null || size > longestFrame) return 'broken';
  const length = newline + 1 + size + 1;
  if (bytes.length < length) return 'short';
  if (bytes[length - 1] !== 0x0a) return 'broken';
  const at = Number(match[1]);
  const content = bytes.subarray(newline + 1, length - 1);
  if (match[2] !== 'x')
    return { frame: { kind: 'chunk', at, stream: match[2] === 'o' ? 'stdout' : 'stderr', bytes: content, offset: Number(match[3]) }, length };
  try {
    return { frame: { kind: 'end', at, end: JSON.parse(content.toString('utf8')) as StepEnd }, length };
  } catch {
    return 'broken';
  }
}
