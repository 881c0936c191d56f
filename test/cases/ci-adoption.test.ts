import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobEnd } from '../../src/runs/jobs/model.ts';
import { readAttempt, writeAttempt } from '../../src/runs/jobs/attempt-file.ts';
import type { RunEvent } from '../../src/runs/model.ts';
import { JobRun, type StepLike } from '../ci-job.ts';

interface Told {
  readonly end: JobEnd;
  readonly events: readonly RunEvent[];
}

/** Drivers that are killed and followed by others, while the supervisor goes on. */
const folder = mkdtempSync(join(tmpdir(), 'slipway-adoption-'));
const follower = join(folder, 'follower.mjs');
const runs: JobRun[] = [];

beforeAll(async () => {
  await build({
    entryPoints: [new URL('../ci-follower.ts', import.meta.url).pathname],
    outfile: follower,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire('/');" },
    define: { 'import.meta.filename': JSON.stringify(fileURLToPath(new URL('../../src/agents/templates.ts', import.meta.url))) },
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const run of runs.splice(0)) run.dispose();
});

class Drivers {
  readonly run = new JobRun();
  private readonly steps: readonly StepLike[];
  private readonly names: readonly string[];
  private count = 0;

  constructor(steps: readonly StepLike[], names: readonly string[] = []) {
    this.steps = steps;
    this.names = names;
    runs.push(this.run);
  }

  /** Starts the next one: the first begins the job. */
  start(secrets: Readonly<Record<string, string>> = {}): { readonly process: ChildProcess; readonly ended: Promise<Told | undefined> } {
    this.count += 1;
    const { directory } = this.run;
    const [order, end] = [join(directory, `order-${this.count}.json`), join(directory, `end-${this.count}.json`)];
    writeFileSync(order, JSON.stringify({ directory, steps: this.steps, names: this.names, secrets, adopted: this.count > 1, end }));
    const child = spawn(process.execPath, [follower, order], { stdio: ['ignore', 'inherit', 'inherit'] });
    const ended = once(child, 'exit').then(() => (existsSync(end) ? (JSON.parse(readFileSync(end, 'utf8')) as Told) : undefined));
    return { process: child, ended };
  }

  /** One after the other is killed after a moment of its own; the last one follows to the end. */
  async relay(pauses: readonly number[], secrets: Readonly<Record<string, string>> = {}): Promise<Told | undefined> {
    for (const pause of pauses) {
      const { process: driver, ended } = this.start(secrets);
      await sleep(pause);
      driver.kill('SIGKILL');
      const told = await ended;
      if (told !== undefined) return told;
    }
    return this.start(secrets).ended;
  }
}

describe('a job whose driver is killed', () => {
  it('is followed by the next one, and no byte is lost or written twice', async () => {
    // Numbered lines on both streams, as fast as they go, and a secret across the pieces that they come in.
    const script = (from: number) =>
      `i=${from}; while [ $i -lt ${from + 3000} ]; do i=$((i+1)); echo "$i $KEY$KEY"; [ $((i % 7)) != 0 ] || echo "e$i $KEY" >&2; [ $((i % 100)) != 0 ] || sleep 0.02; done`;
    const wanted = (from: number) => Array.from({ length: 3000 }, (_, index) => `${from + index + 1} {{ KEY }}{{ KEY }}\n`).join('');
    for (let round = 0; round < 4; round++) {
      const drivers = new Drivers([script(0), 'printf tail', script(5000)], ['KEY']);
      // The first one has to get so far as to start it; what died before that has its own test.
      const pauses = Array.from({ length: 6 }, () => 250 + Math.floor(Math.random() * 450));
      const told = await drivers.relay(pauses, { KEY: 'hunter2-and-more-and-more' });
      expect(told?.end, `pauses ${pauses.join(' ')}`).toMatchObject({ state: 'succeeded' });
      const logs = await Promise.all([1, 2, 3].map((log) => drivers.run.step(log)));
      expect(logs[0]?.stdout.toString() === wanted(0), `pauses ${pauses.join(' ')}`).toBe(true);
      expect(logs[1]?.stdout.toString()).toBe('tail');
      expect(logs[2]?.stdout.toString() === wanted(5000)).toBe(true);
      const errors = Array.from({ length: 3000 }, (_, index) => index + 1).filter((index) => index % 7 === 0);
      expect(logs[0]?.stderr.toString()).toBe(errors.map((index) => `e${index} {{ KEY }}\n`).join(''));
      expect(logs.map((log) => log?.frames.filter(({ kind }) => kind === 'end').length)).toEqual([1, 1, 1]);
      drivers.run.dispose();
    }
  });

  it('goes on by itself, and what it did meanwhile has the time when it was done', async () => {
    const drivers = new Drivers(['echo before; sleep 1.5; echo after', 'echo last']);
    const first = drivers.start();
    await expect.poll(async () => await drivers.run.stdout(), { timeout: 20_000, interval: 20 }).toBe('before\n');
    first.process.kill('SIGKILL');
    await sleep(4000);
    const adopted = Date.now();
    const told = await drivers.start().ended;
    expect(told?.end).toMatchObject({ state: 'succeeded' });
    const { stdout, frames } = await drivers.run.step(1);
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(frames[1]?.at ?? adopted).toBeLessThan(adopted - 1000);
    const ends = told?.events.flatMap((event) => (event.event === 'step-end' ? [Date.parse(event.end.endedAt)] : [])) ?? [];
    expect(ends).toHaveLength(2);
    expect(Math.max(...ends)).toBeLessThan(adopted - 1000);
  });

  it('is masked by what its steps were given, also where that cannot be read any more', async () => {
    const drivers = new Drivers(['echo "a $KEY"; sleep 2; echo "b $KEY"; printf %s "$KEY" | base64'], ['KEY']);
    const first = drivers.start({ KEY: 'first line\n\nsecond line\n' });
    await expect.poll(async () => await drivers.run.stdout(), { timeout: 20_000, interval: 20 }).toContain('a {{ KEY }}');
    first.process.kill('SIGKILL');
    const told = await drivers.start({}).ended;
    expect(told?.end.state).toBe('succeeded');
    expect(await drivers.run.stdout()).toBe('a {{ KEY }}\nb {{ KEY }}\n{{ KEY }}\n');
  });

  it('shows nothing of what nobody can mask any more', async () => {
    const drivers = new Drivers(['echo "a $KEY"; touch began; sleep 1; echo "b $KEY"'], ['KEY']);
    const first = drivers.start({ KEY: 'hunter2-and-more' });
    await expect.poll(() => existsSync(join(drivers.run.workspace, 'began')), { timeout: 20_000, interval: 20 }).toBe(true);
    first.process.kill('SIGKILL');
    // The supervisor ends, and with it what it offers.
    await sleep(3000);
    const told = await drivers.start({}).ended;
    expect(told?.end.state).toBe('succeeded');
    const text = await drivers.run.stdout();
    expect(text).not.toContain('hunter2');
    expect(text).toMatch(/^(?:a \{\{ KEY \}\}\n)?\[output withheld: .*\]\n$/);
  });

  it('begins anew where nothing of it had begun', async () => {
    const drivers = new Drivers(['echo once >> ran; echo done']);
    await writeAttempt(drivers.run.record, 'the-job', 1, { lane: 'the-job.1.0123456789abcdef', firstLog: 1, startedAt: new Date().toISOString() });
    const first = await drivers.run.run(['true'], { request: { adopted: true } });
    expect(first).toMatchObject({ state: 'failed', reason: 'lost', message: 'Its channel is gone.' });
    const fresh = new Drivers(['echo once >> ran; echo done']);
    expect(await fresh.run.run(['echo once >> ran; echo done'], { request: { adopted: true } })).toMatchObject({ state: 'succeeded' });
    expect(readFileSync(join(fresh.run.workspace, 'ran'), 'utf8')).toBe('once\n');
    expect(await readAttempt(fresh.run.record, 'the-job', 1)).toMatchObject({ firstLog: 1 });
  });

  it('killed at any moment of its beginning, is run once', async () => {
    for (let pause = 60; pause < 400; pause += 34) {
      const drivers = new Drivers(['echo once >> ran', 'echo twice >> ran']);
      const told = await drivers.relay([pause]);
      expect(told?.end, `pause ${pause}`).toMatchObject({ state: 'succeeded' });
      expect(readFileSync(join(drivers.run.workspace, 'ran'), 'utf8')).toBe('once\ntwice\n');
      drivers.run.dispose();
    }
  });

  it('is ended by a cancel of the next one', async () => {
    const drivers = new Drivers(["(trap '' TERM; sleep 70; sleep 70); echo never"]);
    const first = drivers.start();
    await expect.poll(() => existsSync(join(drivers.run.record, 'jobs/the-job/1.log')), { timeout: 20_000, interval: 20 }).toBe(true);
    first.process.kill('SIGKILL');
    const job = drivers.run.run(["(trap '' TERM; sleep 70; sleep 70); echo never"], { request: { adopted: true } });
    await sleep(200);
    drivers.run.cancel();
    expect(await job).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
  });

  it('whose supervisor is gone as well is lost, with what it had written', async () => {
    const drivers = new Drivers(['echo said; kill -KILL $PPID; sleep 30', 'true']);
    const first = drivers.start();
    await expect.poll(() => existsSync(join(drivers.run.record, 'jobs/the-job/1.log')), { timeout: 20_000, interval: 5 }).toBe(true);
    first.process.kill('SIGKILL');
    await sleep(1500);
    const told = (await first.ended) ?? (await drivers.start().ended);
    expect(told?.end).toMatchObject({ state: 'failed', reason: 'lost', log: 1 });
    expect(await drivers.run.stdout()).toBe('said\n');
  });
});
