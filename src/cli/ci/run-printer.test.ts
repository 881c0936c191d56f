import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { JobState } from '../../runs/model.ts';
import { RunPrinter } from './run-printer.ts';

test('what ran beside another keeps its name before each line, also once the other has ended', async () => {
  const out = new PassThrough();
  const printer = new RunPrinter(out, { NO_COLOR: '1' });
  const at = '2026-11-21T08:00:00.000Z';
  const job = (name: string, state: JobState) => printer.event({ at, event: 'job', job: name, state, attempt: 1 });
  const says = (name: string, text: string) => printer.frames(name, '1', [{ kind: 'chunk', at: 0, stream: 'stdout', bytes: Buffer.from(text), offset: 0 }]);
  await job('first', 'running');
  await says('first', 'alone\n');
  await job('first', 'succeeded');
  await job('left', 'running');
  await job('right', 'running');
  await says('left', 'left met\n');
  await job('left', 'succeeded');
  await says('right', 'right met\n');
  await job('right', 'succeeded');
  await job('last', 'running');
  await says('last', 'alone again\n');
  out.end();
  const lines = String(await out.toArray().then((chunks) => Buffer.concat(chunks as Buffer[]))).split('\n');
  expect(lines.filter((line) => / met|alone/.test(line))).toEqual(['alone', 'left | left met', 'right | right met', 'alone again']);
});
