import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stream } from '../model.ts';
import { LineCount, LineRange } from './line-range.ts';
import { formatCri, LineSplitter } from './lines.ts';

describe('lines', () => {
  const text = (splitter: LineSplitter, stream: Stream, chunk: string, at: number) => splitter.push({ stream, bytes: Buffer.from(chunk), at }).map(show);
  const show = (line: Parameters<typeof formatCri>[0]) => formatCri(line).toString('latin1');

  it('are put together for each stream, and stamped with their beginning', () => {
    const splitter = new LineSplitter();
    expect(text(splitter, 'stdout', 'on', 0)).toEqual([]);
    expect(text(splitter, 'stderr', 'err\nor', 1000)).toEqual(['1970-01-01T00:00:01.000Z stderr F err\n']);
    expect(text(splitter, 'stdout', 'e\n\ntwo', 2000)).toEqual(['1970-01-01T00:00:00.000Z stdout F one\n', '1970-01-01T00:00:02.000Z stdout F \n']);
    expect(splitter.end().map(show)).toEqual(['1970-01-01T00:00:01.000Z stderr P or\n', '1970-01-01T00:00:02.000Z stdout P two\n']);
    expect(splitter.end()).toEqual([]);
  });

  it('can be put together again to the very bytes, also a long one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<Stream>('stdout', 'stderr'), fc.array(fc.constantFrom('\n', 'x', 'long'), { maxLength: 6 })), { maxLength: 12 }),
        (chunks) => {
          const splitter = new LineSplitter();
          const pieces = chunks.map(([stream, parts]) => ({
            stream,
            bytes: Buffer.from(parts.map((part) => (part === 'long' ? 'y'.repeat(9000) : part)).join('')),
            at: 0,
          }));
          const lines = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
          for (const stream of ['stdout', 'stderr'] as const) {
            const wanted = pieces.filter((piece) => piece.stream === stream).map(({ bytes }) => bytes.toString());
            const given = lines.filter((line) => line.stream === stream).map(({ bytes, partial }) => `${bytes}${partial ? '' : '\n'}`);
            expect(given.join('') === wanted.join('')).toBe(true);
          }
          expect(lines.every(({ bytes }) => bytes.length <= 16 * 1024)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are counted and cut the same way wherever the chunks end', () => {
    const parts = fc.array(fc.string({ unit: fc.constantFrom('a', '\n'), maxLength: 6 }), { maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 9 }), fc.option(fc.integer({ min: 0, max: 9 })), (chunks, first, more) => {
        const lines = chunks
          .join('')
          .split(/(?<=\n)/)
          .filter((line) => line !== '');
        const counted = new LineCount();
        for (const chunk of chunks) counted.push(Buffer.from(chunk));
        expect(counted.lines).toBe(lines.length);
        const last = more === null ? undefined : first + more;
        const range = new LineRange(first, last);
        expect(chunks.map((chunk) => range.cut(Buffer.from(chunk)).toString()).join('')).toBe(lines.slice(first - 1, last).join(''));
      }),
    );
  });
});
