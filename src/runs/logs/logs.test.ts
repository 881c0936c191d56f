import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { StepEnd, Stream } from '../model.ts';
import type { LogHeader } from './format.ts';
import { readRunLogs } from './run-logs.ts';
import { LogWriter } from './writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const header: LogHeader = { format: 1, job: 'test', attempt: 1, name: 'a step', command: 'true', at: '2026-11-21T03:53:12.000Z' };
const end: StepEnd = { exitCode: 0, reason: 'exited', startedAt: '2026-11-21T03:53:12.000Z', endedAt: '2026-11-21T03:53:13.000Z', oomKills: 0 };
let count = 0;

/** A record of its own with one log. */
async function record(write: (writer: LogWriter) => void): Promise<{ readonly directory: string; readonly file: string }> {
  count += 1;
  const directory = join(folder, String(count));
  const file = join(directory, 'jobs/test/1.log');
  const writer = await LogWriter.open(file, header);
  write(writer);
  writer.close();
  return { directory, file };
}

async function readAll(
  directory: string,
): Promise<{ readonly stdout: Buffer; readonly stderr: Buffer; readonly ends: readonly StepEnd[]; readonly headers: number }> {
  const out: Record<Stream, Buffer[]> = { stdout: [], stderr: [] };
  const ends: StepEnd[] = [];
  let headers = 0;
  for await (const piece of readRunLogs(directory, undefined)) {
    if (piece.header) headers += 1;
    for (const frame of piece.frames) {
      if (frame.kind === 'end') ends.push(frame.end);
      else out[frame.stream].push(Buffer.from(frame.bytes));
    }
  }
  return { stdout: Buffer.concat(out.stdout), stderr: Buffer.concat(out.stderr), ends, headers };
}

describe('a log', () => {
  it('keeps bytes as they are, with stream and time', async () => {
    const bytes = Buffer.from([0, 0x0a, 0xff, 0xfe, 0x80, 0x0a]);
    const { directory } = await record((writer) => {
      writer.append('stdout', bytes, bytes.length, 1000);
      writer.append('stderr', Buffer.from('12 o 0 5\nx'), 10, 2000);
      writer.end(end, 3000);
    });
    expect(await readAll(directory)).toEqual({ stdout: bytes, stderr: Buffer.from('12 o 0 5\nx'), ends: [end], headers: 1 });
  });

  it('gives no frame a time before that of the one before', async () => {
    const { file } = await record((writer) => {
      writer.append('stdout', Buffer.from('a'), 1, 2000);
      writer.append('stdout', Buffer.from('b'), 2, 1000);
    });
    expect(readFileSync(file, 'utf8').split('\n').slice(1)).toEqual(['2000 o 1 1', 'a', '2000 o 2 1', 'b', '']);
  });

  it('holds frames that are longer than what is read at a time', async () => {
    const bytes = Buffer.alloc(3_000_000, 'long ');
    const { directory } = await record((writer) => {
      writer.append('stdout', Buffer.from('a'), 1, 1);
      writer.append('stdout', bytes, 1 + bytes.length, 1);
      writer.append('stdout', Buffer.from('z'), 2 + bytes.length, 1);
    });
    expect((await readAll(directory)).stdout.equals(Buffer.concat([Buffer.from('a'), bytes, Buffer.from('z')]))).toBe(true);
  });

  it('is gone on with from whatever a crash has left of it', async () => {
    const { file } = await record((writer) => {
      writer.append('stdout', Buffer.from('first\n'), 6, 1);
      writer.append('stderr', Buffer.from('oops'), 40, 2);
      writer.append('stdout', Buffer.from('second'), 12, 3);
    });
    const whole = readFileSync(file);
    const known = new Set<string>();
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      const writer = await LogWriter.open(file, header);
      known.add(JSON.stringify(writer.progress.offsets));
      writer.append('stdout', Buffer.from('|'), 99, 4);
      writer.close();
      const text = readFileSync(file, 'latin1');
      expect(text.startsWith(whole.subarray(0, whole.indexOf(0x0a) + 1).toString('latin1'))).toBe(true);
      expect(text.endsWith('4 o 99 1\n|\n')).toBe(true);
    }
    expect([...known]).toEqual(['{"stdout":0,"stderr":0}', '{"stdout":6,"stderr":0}', '{"stdout":6,"stderr":40}', '{"stdout":12,"stderr":40}']);
  });

  it('takes nothing more once it is closed, also where another file has got its number', async () => {
    const writer = await LogWriter.open(join(folder, 'closed/1.log'), header);
    writer.close();
    const other = openSync(join(folder, 'other'), 'w');
    expect(() => writer.append('stdout', Buffer.from('late'), 4, 1)).toThrow('1.log');
    closeSync(other);
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('');
  });

  it('is read as far as it is whole', async () => {
    const { directory, file } = await record((writer) => {
      writer.append('stdout', Buffer.from('whole'), 5, 1);
    });
    const size = readFileSync(file).length;
    for (const rest of ['2 o 9 100\ncut', '\0\0\0\0', 'x'.repeat(100), '2 o 9 99999999\n', '2 o 9 1\nab']) {
      appendFileSync(file, rest);
      expect((await readAll(directory)).stdout.toString()).toBe('whole');
      truncateSync(file, size);
    }
  });

  it('is followed as it grows, to its last frame', async () => {
    const directory = join(folder, 'followed');
    let isOver = false;
    const seen: string[] = [];
    const following = (async () => {
      for await (const { frames } of readRunLogs(directory, undefined, { isOver: async () => isOver, signal: new AbortController().signal })) {
        seen.push(...frames.map((frame) => (frame.kind === 'end' ? 'END' : frame.bytes.toString())));
      }
    })();
    await sleep(20);
    const writer = await LogWriter.open(join(directory, 'jobs/late/1.log'), header);
    writer.append('stdout', Buffer.from('one'), 3, 1);
    await expect.poll(() => seen.length, { interval: 10, timeout: 1000 }).toBe(1);
    writer.append('stderr', Buffer.from('two'), 3, 2);
    writer.end(end, 3);
    writer.close();
    isOver = true;
    await following;
    expect(seen).toEqual(['one', 'two', 'END']);
  });
});
