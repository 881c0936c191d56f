import { closeSync, readSync } from 'node:fs';
import type { Lane } from './channel.ts';
import { parseRecord, type SupervisorRecord } from './records.ts';

const piece = 16 * 1024;

/** Reads a supervisor's records as they come: lines in the order written, each at most once. */
export class RecordReader {
  private readonly lane: Lane;
  private position = 0;
  private last: { readonly step: number; readonly kind: 'hello' | 'start' | 'end' } | undefined;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** Those that have come since the last call. */
  next(): readonly SupervisorRecord[] {
    const file = this.lane.open('records');
    if (file === undefined) return [];
    try {
      const records: SupervisorRecord[] = [];
      const buffer = Buffer.allocUnsafe(piece);
      for (;;) {
        const length = readSync(file, buffer, 0, piece, this.position);
        const lines = buffer.toString('latin1', 0, length).split('\n').slice(0, -1);
        for (const line of lines) {
          const record = parseRecord(line);
          // What is no record is room that has not been written to, or a line that is being written.
          if (record === undefined || !this.follows(record)) return records;
          this.position += line.length + 1;
          records.push(record);
        }
        if (lines.length === 0) return records;
      }
    } finally {
      closeSync(file);
    }
  }

  /** A supervisor writes in an order; anything else was written by somebody else, and nothing after it is believed. */
  private follows(record: SupervisorRecord): boolean {
    const { last } = this;
    if (record.kind === 'done') return last?.kind === 'end' || last?.kind === 'hello';
    if (record.kind === 'hello') {
      this.last = { step: 0, kind: 'hello' };
      return last === undefined;
    }
    const ok =
      record.kind === 'start' ? last !== undefined && last.kind !== 'start' && record.step > last.step : last?.kind === 'start' && record.step === last.step;
    if (ok) this.last = { step: record.step, kind: record.kind };
    return ok;
  }
}
