import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { LogChunk, LogHeader } from '../../runs/logs/format.ts';
import { formatCri, type LogLine, LineSplitter } from '../../runs/logs/lines.ts';
import type { LogRef } from '../../runs/logs/run-logs.ts';
import { Window } from '../../runs/logs/window.ts';
import type { Call } from '../call.ts';

/** How logs are shown: it is told of each log's beginning, its chunks and its end. */
export interface LogView {
  begin(log: LogRef & { readonly header: LogHeader }): Promise<void>;
  chunk(log: LogRef, chunk: LogChunk): Promise<void>;
  close(log: LogRef): Promise<void>;
  /** Nothing more comes. */
  end(): Promise<void>;
}

export interface ViewOptions {
  readonly window?: number | undefined;
  readonly timestamps?: true | undefined;
  readonly cri?: true | undefined;
  /** Chunks of several jobs come side by side. */
  readonly isMixed: boolean;
}

export function logView(call: Call, { window, timestamps, cri, isMixed }: ViewOptions): LogView {
  const { stdout, stderr } = call.terminal;
  const streams = { stdout, stderr };
  if (window !== undefined) return new WindowView(stdout, new Window(window));
  if (call.json) return new LineView(false, (line, log, header) => write(stdout, jsonLine(line, log, header)));
  if (cri) return new LineView(false, (line) => write(stdout, formatCri(line)));
  if (!timestamps && !isMixed) return new RawView(streams);
  // The job's name only where several come side by side.
  return new LineView(
    !isMixed,
    (line, { job }, header, isFirst) => {
      const before = `${isMixed && isFirst ? `${header?.job ?? job} | ` : ''}${timestamps && isFirst ? `${new Date(line.at).toISOString()} ` : ''}`;
      return write(streams[line.stream], Buffer.concat([Buffer.from(before), line.bytes, Buffer.from(line.partial ? '' : '\n')]));
    },
    stderr,
  );
}

/** Bytes as they came. */
class RawView implements LogView {
  private readonly streams: { readonly stdout: Writable; readonly stderr: Writable };

  constructor(streams: RawView['streams']) {
    this.streams = streams;
  }

  begin({ header }: { readonly header: LogHeader }): Promise<void> {
    return write(this.streams.stderr, heading(header));
  }

  chunk(_: LogRef, { stream, bytes }: LogChunk): Promise<void> {
    return write(this.streams[stream], bytes);
  }

  async close(): Promise<void> {}
  async end(): Promise<void> {}
}

type ShowLine = (line: LogLine, log: LogRef, header: LogHeader | undefined, isFirst: boolean) => Promise<void>;

/** Line by line, each stream of each log on its own. */
class LineView implements LogView {
  private readonly show: ShowLine;
  private readonly headings: Writable | undefined;
  private readonly hasHeadings: boolean;
  private readonly logs = new Map<string, { readonly splitter: LineSplitter; header?: LogHeader; readonly inLine: Set<string> }>();

  constructor(hasHeadings: boolean, show: ShowLine, headings?: Writable) {
    this.hasHeadings = hasHeadings;
    this.show = show;
    this.headings = headings;
  }

  async begin({ header, ...ref }: LogRef & { readonly header: LogHeader }): Promise<void> {
    this.of(ref).header = header;
    if (this.hasHeadings && this.headings) await write(this.headings, heading(header));
  }

  async chunk(ref: LogRef, chunk: LogChunk): Promise<void> {
    await this.lines(ref, this.of(ref).splitter.push(chunk));
  }

  async close(ref: LogRef): Promise<void> {
    await this.lines(ref, this.of(ref).splitter.end());
    this.logs.delete(keyOf(ref));
  }

  async end(): Promise<void> {
    for (const key of [...this.logs.keys()]) {
      const [job = '', log] = key.split('/');
      await this.close({ job, log: Number(log) });
    }
  }

  private async lines(ref: LogRef, lines: readonly LogLine[]): Promise<void> {
    const { header, inLine } = this.of(ref);
    for (const line of lines) {
      await this.show(line, ref, header, !inLine.has(line.stream));
      if (line.partial) inLine.add(line.stream);
      else inLine.delete(line.stream);
    }
  }

  private of(ref: LogRef) {
    const known = this.logs.get(keyOf(ref));
    if (known) return known;
    const made = { splitter: new LineSplitter(), inLine: new Set<string>() };
    this.logs.set(keyOf(ref), made);
    return made as typeof made & { header?: LogHeader };
  }
}

/** Everything as one text of limited length. */
class WindowView implements LogView {
  private readonly out: Writable;
  private readonly window: Window;
  private isAtLineStart = true;

  constructor(out: Writable, window: Window) {
    this.out = out;
    this.window = window;
  }

  async begin({ header }: { readonly header: LogHeader }): Promise<void> {
    this.push(`${this.isAtLineStart ? '' : '\n'}${heading(header)}`);
  }

  async chunk(_: LogRef, { bytes }: LogChunk): Promise<void> {
    this.push(bytes);
  }

  async close(): Promise<void> {}

  end(): Promise<void> {
    return write(this.out, this.window.end());
  }

  private push(bytes: string | Buffer): void {
    const buffer = Buffer.from(bytes);
    if (buffer.length > 0) this.isAtLineStart = buffer.at(-1) === 0x0a;
    this.window.push(buffer);
  }
}

function jsonLine({ at, stream, bytes, partial }: LogLine, { job, log }: LogRef, header: LogHeader | undefined): string {
  const value = {
    at: new Date(at).toISOString(),
    job: header?.job ?? job,
    attempt: header?.attempt ?? null,
    log,
    stream,
    text: bytes.toString('utf8'),
    partial,
  };
  return `${JSON.stringify(value)}\n`;
}

function heading({ job, attempt, name }: LogHeader): string {
  return `${job}${attempt > 1 ? ` (attempt ${attempt})` : ''}: ${name}\n`;
}

const keyOf = ({ job, log }: LogRef) => `${job}/${log}`;

/** No faster than they are taken. */
async function write(out: Writable, bytes: string | Buffer): Promise<void> {
  if (bytes.length > 0 && !out.write(bytes)) await once(out, 'drain');
}
