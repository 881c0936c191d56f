import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, lockHolder } from './lock.ts';
import { currentProcess } from './process-identity.ts';

let locks: string;
beforeEach(() => {
  locks = mkdtempSync(join(tmpdir(), 'slipway-locks-'));
});
afterEach(() => rmSync(locks, { recursive: true, force: true }));

const request = { operation: 'op', verb: 'test' };

function plant(holder: object, name = 'a'): void {
  mkdirSync(locks, { recursive: true });
  writeFileSync(
    join(locks, `${name}.lock`),
    JSON.stringify({ ...currentProcess(), token: 'planted', operation: 'old', verb: 'old verb', since: 'then', ...holder }),
  );
}

describe('a lock', () => {
  it('keeps a second one out and names its holder', async () => {
    const lock = await acquireLock(locks, 'task/demo/1', { ...request, verb: 'task stop demo 1' });
    await expect(acquireLock(locks, 'task/demo/1', { ...request, timeoutMs: 20 })).rejects.toThrow(/task stop demo 1/);
    await lock.release();
    expect(readdirSync(join(locks, 'task/demo'))).toEqual([]);
  });

  it('takes over one that a power cut left without its content', async () => {
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, 'a.lock'), '');
    await (await acquireLock(locks, 'a', { ...request, timeoutMs: 1000 })).release();
    expect(readdirSync(locks)).toEqual([]);
  });

  it('lets many through one at a time', async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const lock = await acquireLock(locks, 'a', request);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside -= 1;
        await lock.release();
      }),
    );
    expect(most).toBe(1);
  });

  it.each([
    ['a process that is gone', { pid: 4_000_000, startTime: '1' }],
    ['another process with the same pid', { startTime: '1' }],
    ['a process of an earlier boot', { bootId: 'earlier' }],
  ])('is taken over from %s', async (_, holder) => {
    plant(holder);
    expect(await lockHolder(locks, 'a')).toBeUndefined();
    const lock = await acquireLock(locks, 'a', { ...request, timeoutMs: 0 });
    expect(JSON.parse(readFileSync(join(locks, 'a.lock'), 'utf8')).operation).toBe('op');
    await lock.release();
  });

  it('of another PID namespace is judged by its lease', async () => {
    plant({ pidNamespace: 'pid:[1]', pid: 4_000_000 });
    await expect(acquireLock(locks, 'a', { ...request, timeoutMs: 10 })).rejects.toThrow(/old verb/);
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(locks, 'a.lock'), old, old);
    await (await acquireLock(locks, 'a', { ...request, timeoutMs: 0 })).release();
  });

  it('is not lost by two that take over the same dead holder at once', async () => {
    const takeOver = async (name: string) => {
      plant({ pid: 4_000_000 }, name);
      let inside = 0;
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          const lock = await acquireLock(locks, name, request);
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          await lock.release();
        }),
      );
    };
    await Promise.all(Array.from({ length: 20 }, (_, round) => takeOver(`r${round}`)));
  });

  it('gives up waiting when it is told to', async () => {
    const lock = await acquireLock(locks, 'a', request);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await expect(acquireLock(locks, 'a', { ...request, signal: controller.signal })).rejects.toThrow(/abort/i);
    await lock.release();
  });
});
