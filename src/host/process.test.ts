import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isRunning } from '../../test/processes.ts';
import { run } from './process.ts';

test('gives exit code, output and error output as data', async () => {
  const end = await run(['sh', '-c', 'cat; echo oops >&2; exit 3'], { input: 'hello' });
  expect(end).toEqual({ exitCode: 3, signal: undefined, stdout: 'hello', stderr: 'oops\n', timedOut: false, aborted: false });
});

test('a program that is not there is E_NO_PROGRAM', async () => {
  await expect(run(['slipway-no-such-program'])).rejects.toMatchObject({ code: 'E_NO_PROGRAM' });
});

test('a working directory that is not there is not blamed on the program', async () => {
  await expect(run(['true'], { cwd: '/no/such/directory' })).rejects.toMatchObject({ code: 'E_NO_DIRECTORY' });
});

test('nothing is started for a signal that has been aborted already', async () => {
  let started = false;
  const end = await run(['true'], { signal: AbortSignal.abort(), onStart: () => (started = true) });
  expect({ aborted: end.aborted, started }).toEqual({ aborted: true, started: false });
});

test('a time limit ends the whole process group', async () => {
  const started = Date.now();
  const end = await run(['sh', '-c', 'sleep 30 & echo $!; wait'], { timeoutMs: 100 });
  expect(end).toMatchObject({ exitCode: undefined, signal: 'SIGTERM', timedOut: true, aborted: false });
  expect(Date.now() - started).toBeLessThan(2000);
  await sleep(50);
  expect(isRunning(Number(end.stdout))).toBe(false);
});

test('what ignores TERM is killed after the grace', async () => {
  const abort = new AbortController();
  const ended = run(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], {
    signal: abort.signal,
    graceMs: 200,
    onStdout: () => abort.abort(),
  });
  expect(await ended).toMatchObject({ signal: 'SIGKILL', aborted: true, timedOut: false });
});

test('reports its process group before it ends', async () => {
  let pid = 0;
  const end = await run(['sh', '-c', 'echo $$'], { onStart: (started) => (pid = started) });
  expect(end.stdout.trim()).toBe(String(pid));
});

test('the program begins only after its start was recorded, and never where that failed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-gate-'));
  try {
    const mark = join(dir, 'mark');
    let before = true;
    await run(['sh', '-c', 'touch "$0"', mark], {
      onStart: async () => {
        await sleep(100);
        before = existsSync(mark);
      },
    });
    expect([before, existsSync(mark)]).toEqual([false, true]);
    rmSync(mark);
    await expect(run(['sh', '-c', 'touch "$0"', mark], { onStart: () => Promise.reject(new Error('no space')) })).rejects.toThrow('no space');
    await sleep(100);
    expect(existsSync(mark)).toBe(false);
    await expect(run(['slipway-no-such-program'], { onStart: () => {} })).rejects.toMatchObject({ code: 'E_NO_PROGRAM' });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
