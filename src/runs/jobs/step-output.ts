import { closeSync, fstatSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogHeader } from '../logs/format.ts';
import { LogWriter } from '../logs/writer.ts';
import type { StepEnd, Stream } from '../model.ts';
import type { Masker, MaskStream } from '../secrets/masker.ts';
import type { Lane } from './channel.ts';

/** Keeps what a function job's `sh` gives back. */
export type OnBytes = (stream: Stream, bytes: Buffer) => void;

export interface StepOutputOptions {
  readonly lane: Lane;
  /** Its number in the lane. */
  readonly step: number;
  readonly file: string;
  readonly header: LogHeader;
  /** `undefined`: what has to be masked is not known any more, so nothing of it is written. */
  readonly masker: Masker | undefined;
  readonly onBytes?: OnBytes | undefined;
}

interface Source {
  readonly stream: Stream;
  readonly name: string;
  file: number | undefined;
  /** Next byte to be read. */
  position: number;
  readonly masked: MaskStream;
  /** `masked` counts from here. */
  readonly base: number;
}

const piece = 128 * 1024;
const withheld = Buffer.from('[output withheld: its secrets are not known any more, so that they cannot be masked]\n');

/** Takes a step's raw output from the channel to its log: stamped and masked, once each byte, also where drivers follow each other. */
export class StepOutput {
  private readonly options: StepOutputOptions;
  private readonly writer: LogWriter;
  private readonly sources: readonly Source[];
  private hasNotice = false;

  private constructor(options: StepOutputOptions, writer: LogWriter) {
    this.options = options;
    this.writer = writer;
    const { masker } = options;
    const plain: MaskStream = { push: (bytes) => ({ bytes, consumed: bytes.length }), end: () => ({ bytes: Buffer.alloc(0), consumed: 0 }) };
    this.sources = (['stdout', 'stderr'] as const).map((stream) => ({
      stream,
      name: `${options.step}.${stream === 'stdout' ? 'out' : 'err'}`,
      file: undefined,
      position: writer.progress.offsets[stream],
      masked: masker?.stream() ?? plain,
      base: writer.progress.offsets[stream],
    }));
  }

  static async open(options: StepOutputOptions): Promise<StepOutput> {
    return new StepOutput(options, await LogWriter.open(options.file, options.header));
  }

  /** How the step ended, where an earlier driver has written it. */
  get known(): StepEnd | undefined {
    return this.writer.progress.end;
  }

  /** Takes what is there now. */
  async pump(): Promise<void> {
    if (this.known) return;
    // What was written last is taken last: between two looks that is all that is known of the order of the streams.
    const grown = this.sources.flatMap((source) => this.look(source) ?? []).sort((a, b) => a.at - b.at);
    for (const { source, at } of grown) await this.take(source, at);
  }

  /** Takes the rest, and writes the last frame. */
  async end(end: StepEnd): Promise<void> {
    if (!this.known) {
      await this.pump();
      for (const source of this.sources) {
        const { bytes } = source.masked.end();
        if (bytes.length > 0) this.writer.append(source.stream, bytes, source.position, Date.now());
      }
      this.writer.end(end, Date.parse(end.endedAt));
    }
    this.close();
    const { lane, step } = this.options;
    lane.remove(`${step}.out`, `${step}.err`, `${step}.sh`, `${step}.limit`);
  }

  close(): void {
    for (const source of this.sources) {
      if (source.file !== undefined) closeSync(source.file);
      source.file = undefined;
    }
    this.writer.close();
  }

  /** `at`: when it was last written to, which after a driver has died is nearer to the truth than now. `undefined`: there is nothing new. */
  private look(source: Source): { readonly source: Source; readonly at: number } | undefined {
    source.file ??= this.options.lane.open(source.name);
    if (source.file === undefined) return undefined;
    const { size, mtimeMs } = fstatSync(source.file);
    return size > source.position ? { source, at: Math.min(Date.now(), mtimeMs) } : undefined;
  }

  private async take(source: Source, at: number): Promise<void> {
    const { file, stream } = source;
    if (file === undefined) return;
    for (;;) {
      const buffer = Buffer.allocUnsafe(piece);
      const length = readSync(file, buffer, 0, piece, source.position);
      if (length === 0) return;
      source.position += length;
      const raw = buffer.subarray(0, length);
      this.options.onBytes?.(stream, raw);
      const { bytes, consumed } = source.masked.push(raw);
      this.write(stream, bytes, this.options.masker ? source.base + consumed : source.position, at);
      // Other jobs have output, too, also beside one that writes without end.
      if (length === piece) await nextTurn();
    }
  }

  private write(stream: Stream, bytes: Buffer, offset: number, at: number): void {
    if (this.options.masker) {
      if (bytes.length > 0) this.writer.append(stream, bytes, offset, at);
      return;
    }
    this.writer.append(stream, this.hasNotice ? Buffer.alloc(0) : withheld, offset, at);
    this.hasNotice = true;
  }
}
