import type { FileHandle } from 'node:fs/promises';
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
  handle: FileHandle | undefined;
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
      handle: undefined,
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
    const sizes = await Promise.all(this.sources.map((source) => this.look(source)));
    // What was written last is taken last: between two looks that is all that is known of the order of the streams.
    const order = this.sources.map((source, index) => ({ source, at: sizes[index] ?? 0 })).sort((a, b) => a.at - b.at);
    for (const { source, at } of order) await this.take(source, at);
  }

  /** Takes the rest, and writes the last frame. */
  async end(end: StepEnd): Promise<void> {
    if (!this.known) {
      await this.pump();
      for (const source of this.sources) {
        const { bytes } = source.masked.end();
        if (bytes.length > 0) await this.writer.append(source.stream, bytes, source.position, Date.now());
      }
      await this.writer.end(end, Date.parse(end.endedAt));
    }
    await this.close();
    const { lane, step } = this.options;
    await lane.remove(`${step}.out`, `${step}.err`, `${step}.sh`, `${step}.limit`);
  }

  async close(): Promise<void> {
    for (const source of this.sources) {
      await source.handle?.close();
      source.handle = undefined;
    }
    await this.writer.close();
  }

  /** When it was last written to: after a driver has died, that is nearer to the truth than now. */
  private async look(source: Source): Promise<number> {
    source.handle ??= await this.options.lane.open(source.name);
    if (source.handle === undefined) return 0;
    return Math.min(Date.now(), (await source.handle.stat()).mtimeMs);
  }

  private async take(source: Source, at: number): Promise<void> {
    const { handle, stream } = source;
    if (handle === undefined) return;
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(piece), 0, piece, source.position);
      if (bytesRead === 0) return;
      source.position += bytesRead;
      const raw = buffer.subarray(0, bytesRead);
      this.options.onBytes?.(stream, raw);
      const { bytes, consumed } = source.masked.push(raw);
      await this.write(stream, bytes, this.options.masker ? source.base + consumed : source.position, at);
    }
  }

  private async write(stream: Stream, bytes: Buffer, offset: number, at: number): Promise<void> {
    if (this.options.masker) {
      if (bytes.length > 0) await this.writer.append(stream, bytes, offset, at);
      return;
    }
    await this.writer.append(stream, this.hasNotice ? Buffer.alloc(0) : withheld, offset, at);
    this.hasNotice = true;
  }
}
