import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRunning } from '../../test/processes.ts';
import { openDuplex, startDetached } from './background.ts';

test('a detached program writes to its log', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-process-'));
  try {
    const log = join(dir, 'log');
    await startDetached(['sh', '-c', 'echo out; echo err >&2'], { logFile: log });
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8')).toBe('out\nerr\n');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a duplex carries bytes both ways and ends its program when destroyed', async () => {
  const pipe = openDuplex(['sh', '-c', 'echo $$; cat']);
  const read = pipe[Symbol.asyncIterator]();
  const pid = String((await read.next()).value).trim();
  pipe.write('ping');
  expect(String((await read.next()).value)).toBe('ping');
  pipe.destroy();
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
});
