import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { instanceLogs, type Paths } from '../../state/paths.ts';

const mostBytes = 10 * 1024 * 1024;
/** The one that is written and those before it. */
const mostFiles = 5;
/** A line without an end is cut there. */
const mostLineBytes = 64 * 1024;

/** What a program wrote, newest last: `output.log`, before it `output.log.1` … */
export const processLogFiles = (paths: Paths, instance: string): readonly string[] => {
  const file = join(instanceLogs(paths, instance), 'output.log');
  return [...Array.from({ length: mostFiles - 1 }, (_, index) => `${file}.${mostFiles - 1 - index}`), file];
};

type Stream = 'stdout' | 'stderr';

/**
 * Both streams of a program, a line at a time with the time and the stream in front: `2026-11-21T11:00:00.000Z out text`. The bytes stay
 * as they are. A disk that is full loses lines and stops nobody.
 */
export class ProcessLog {
  readonly #files: readonly string[];
  readonly #now: () => Date;
  readonly #limit: number;
  readonly #rest: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  #descriptor: number | undefined;
  #size = 0;

  constructor(files: readonly string[], options: { readonly limit?: number; readonly now?: () => Date } = {}) {
    this.#files = files;
    this.#limit = options.limit ?? mostBytes;
    this.#now = options.now ?? (() => new Date());
  }

  static open(paths: Paths, instance: string): ProcessLog {
    mkdirSync(instanceLogs(paths, instance), { recursive: true });
    return new ProcessLog(processLogFiles(paths, instance));
  }

  write(stream: Stream, chunk: Buffer): void {
    const text = Buffer.concat([this.#rest[stream], chunk]);
    let from = 0;
    for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, from)) {
      this.#line(stream, text.subarray(from, end));
      from = end + 1;
    }
    for (; text.length - from >= mostLineBytes; from += mostLineBytes) this.#line(stream, text.subarray(from, from + mostLineBytes));
    this.#rest[stream] = Buffer.from(text.subarray(from));
  }

  /** What has no end of line yet is written, too. */
  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#rest[stream].length > 0) this.#line(stream, this.#rest[stream]);
      this.#rest[stream] = Buffer.alloc(0);
    }
    this.#shut();
  }

  #line(stream: Stream, text: Buffer): void {
    const line = Buffer.concat([Buffer.from(`${this.#now().toISOString()} ${stream === 'stdout' ? 'out' : 'err'} `), text, Buffer.from('\n')]);
    try {
      if (this.#size + line.length > this.#limit) this.#rotate();
      this.#descriptor ??= this.#open();
      writeSync(this.#descriptor, line);
      this.#size += line.length;
    } catch {
      this.#shut();
    }
  }

  #open(): number {
    const descriptor = openSync(this.#files.at(-1) ?? '', 'a', 0o600);
    this.#size = fstatSync(descriptor).size;
    return descriptor;
  }

  #rotate(): void {
    this.#descriptor ??= this.#open();
    if (this.#size === 0) return;
    this.#shut();
    const [oldest = '', ...others] = this.#files;
    rmSync(oldest, { force: true });
    for (const [index, file] of others.entries()) if (existsSync(file)) renameSync(file, this.#files[index] ?? '');
    this.#size = 0;
  }

  #shut(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
