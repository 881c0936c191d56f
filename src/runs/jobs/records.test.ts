import { mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lane } from './channel.ts';
import { RecordReader } from './record-reader.ts';
import { parseRecord } from './records.ts';

const hello = 'hello 1 10 11 0 .';
const start = (step: number) => `start ${step} 12.34 99 .`;
const end = (step: number) => `end ${step} 12.35 0 exited 0 closed whole .`;
const done = 'done 12.36 exited whole .';

describe('a record', () => {
  it('is what the supervisor writes', () => {
    expect(parseRecord(hello)).toEqual({ kind: 'hello', watcher: 11, kills: 0 });
    expect(parseRecord('hello 1 10 11 - .')).toEqual({ kind: 'hello', watcher: 11, kills: undefined });
    expect(parseRecord(start(3))).toEqual({ kind: 'start', step: 3, uptime: 12.34 });
    expect(parseRecord('end 3 - 143 timeout 2 open cut .')).toEqual({
      kind: 'end',
      step: 3,
      uptime: undefined,
      exitCode: 143,
      reason: 'timeout',
      kills: 2,
      isOpen: true,
      isCut: true,
    });
    expect(parseRecord('done 1.00 limit whole .')).toEqual({ kind: 'done', uptime: 1, reason: 'limit', isCut: false });
  });

  it.each([
    '',
    'hello 1 10 11 0',
    'hello 2 10 11 0 .',
    'end 1 1.00 256 exited 0 closed whole .',
    'end 1 1.00 0 exited 0 closed whole . .',
    'done 1.00 succeeded whole .',
  ])('%j is none', (line) => {
    expect(parseRecord(line)).toBeUndefined();
  });

  it('cut off anywhere is none', () => {
    for (const line of [hello, start(1), end(1), done])
      for (let length = 0; length < line.length; length++) expect(parseRecord(line.slice(0, length))).toBeUndefined();
  });
});

describe('the records of a supervisor', () => {
  let channel: string;
  let lane: Lane;
  beforeEach(() => {
    channel = mkdtempSync(join(tmpdir(), 'slipway-records-'));
    lane = Lane.create(channel, '/inside', 'job.1', 'host');
  });
  afterEach(() => {
    lane.close();
    rmSync(channel, { recursive: true });
  });
  const write = (text: string) => writeFileSync(join(lane.path, 'records'), text);
  const kinds = async (reader = new RecordReader(lane)) => (await reader.next()).map((record) => `${record.kind}${'step' in record ? record.step : ''}`);

  it('are read once each, as they come into the room that is kept for them', async () => {
    const all = [hello, start(1), end(1), start(2), end(2), done].map((line) => `${line}\n`).join('');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 8 }), async (cuts) => {
        const reader = new RecordReader(lane);
        const seen: string[] = [];
        for (const cut of [...cuts.sort((a, b) => a - b), all.length]) {
          write(all.slice(0, cut).padEnd(all.length + 400, '\n'));
          seen.push(...(await kinds(reader)));
        }
        expect(seen).toEqual(['hello', 'start1', 'end1', 'start2', 'end2', 'done']);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [[start(1)], []],
    [[hello, end(1)], ['hello']],
    [
      [hello, start(1), start(2)],
      ['hello', 'start1'],
    ],
    [
      [hello, start(1), done],
      ['hello', 'start1'],
    ],
    [
      [hello, start(2), end(2), start(1)],
      ['hello', 'start2', 'end2'],
    ],
    [[hello, hello], ['hello']],
    [
      [hello, done],
      ['hello', 'done'],
    ],
  ])('that are in no order are not believed: %j', async (lines, believed) => {
    write(`${lines.join('\n')}\n`);
    expect(await kinds()).toEqual(believed);
  });

  it('are not read through a link, or from another folder in the place of theirs', async () => {
    writeFileSync(join(channel, 'other'), `${hello}\n`);
    symlinkSync(join(channel, 'other'), join(lane.path, 'records'));
    expect(await kinds()).toEqual([]);
    const folder = join(channel, lane.name);
    renameSync(folder, `${folder}.away`);
    symlinkSync(channel, folder);
    expect(Lane.find(channel, '/inside', lane.name, 'host')).toBeUndefined();
    lane.write('fresh', 'x');
    expect(readdirSync(`${folder}.away`).sort()).toEqual(['fresh', 'records']);
  });
});
