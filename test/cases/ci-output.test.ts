import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readRunLogs } from '../../src/runs/logs/run-logs.ts';
import { JobRun } from '../ci-job.ts';

const runs: JobRun[] = [];
const undo: (() => void)[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.dispose();
  for (const one of undo.splice(0)) one();
});

function newRun(options: ConstructorParameters<typeof JobRun>[0] = {}): JobRun {
  const run = new JobRun(options);
  runs.push(run);
  return run;
}

/** A file system of its own with so many KiB. */
function smallDisk(kib: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=755`, 'tmpfs', folder]);
  undo.push(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function fill(folder: string, leaving: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'fill'), Buffer.alloc(Math.max(0, bavail * bsize - leaving), 'x'));
}

/** The most memory that this process has while something is done, beyond what it has before. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
  try {
    await work();
    return most - before;
  } finally {
    clearInterval(timer);
  }
}

describe('output', () => {
  it('is in the log within a second, whatever its last line ends with', async () => {
    const run = newRun();
    const lags: number[] = [];
    const job = run.run(['for i in 1 2 3 4; do printf "$(date +%s%N) "; sleep 0.3; done']);
    const seen = new Set<string>();
    let isOver = false;
    const reading = (async () => {
      for await (const { frames } of readRunLogs(run.record, undefined, { isOver: async () => isOver, signal: new AbortController().signal })) {
        for (const frame of frames) {
          if (frame.kind !== 'chunk') continue;
          for (const stamp of frame.bytes.toString().trim().split(' ')) {
            if (!seen.has(stamp)) lags.push(Date.now() - Number(stamp) / 1e6);
            seen.add(stamp);
          }
        }
      }
    })();
    await job;
    isOver = true;
    await reading;
    expect(seen.size).toBe(4);
    expect(Math.max(...lags)).toBeLessThan(1000);
  });

  it('of 100 MB in a line, and of 200 MB in many, is kept whole in little memory', async () => {
    const run = newRun();
    const key = { KEY: 'hunter2-and-more' };
    const used = await memoryOf(async () => {
      const end = await run.run(
        ['head -c 104857600 /dev/zero | tr "\\0" x', 'yes 0123456789012345678901234567890123456789012345678901234567890 | head -c 209715200'],
        { secrets: key },
      );
      expect(end.state).toBe('succeeded');
    });
    expect(used).toBeLessThan(150 * 1024 * 1024);
    const sizes = new Map<number, number>();
    const read = await memoryOf(async () => {
      for await (const { log, frames } of readRunLogs(run.record, undefined)) {
        for (const frame of frames) if (frame.kind === 'chunk') sizes.set(log, (sizes.get(log) ?? 0) + frame.bytes.length);
      }
    });
    expect(read).toBeLessThan(100 * 1024 * 1024);
    expect([...sizes]).toEqual([
      [1, 104_857_600],
      [2, 209_715_200],
    ]);
    // What was raw is gone, and takes no place.
    const left = readdirSync(run.channel).flatMap((lane) => readdirSync(join(run.channel, lane)));
    expect(left.filter((name) => /^\d/.test(name))).toEqual([]);
  }, 300_000);

  it('is not held up by whoever reads it slowly', async () => {
    const run = newRun();
    const job = run.run(['yes | head -c 20000000; echo done >&2']);
    let reading = true;
    const slow = (async () => {
      for await (const { frames } of readRunLogs(run.record, undefined, { isOver: async () => !reading, signal: new AbortController().signal })) {
        if (frames.length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
        if (!reading) return;
      }
    })();
    expect(await job).toMatchObject({ state: 'succeeded' });
    reading = false;
    await slow;
    expect((await run.step(1)).stdout.length).toBe(20_000_000);
  });
});

describe('a full disk', () => {
  it('of the channel is told as such, also where the command does not care', async () => {
    const disk = smallDisk(2048);
    const channel = join(disk, 'channel');
    mkdirSync(channel);
    const run = newRun({ channel });
    const job = run.run([`head -c 8000000 /dev/zero; true`, 'echo never']);
    await expect(job).rejects.toMatchObject({ code: 'E_DISK_FULL', message: expect.stringContaining('output of step 1') });
    expect(run.endsOf()).toMatchObject([{ reason: 'lost' }]);
  });

  it('of the channel, before anything was begun', async () => {
    const disk = smallDisk(256);
    const channel = join(disk, 'channel');
    mkdirSync(channel);
    fill(disk, 0);
    const run = newRun({ channel });
    await expect(run.run(['touch ran'])).rejects.toMatchObject({ code: 'E_DISK_FULL' });
    expect(readdirSync(run.workspace)).toEqual([]);
  });

  it('of the channel does not keep the supervisor from telling how steps ended', async () => {
    const disk = smallDisk(1024);
    const channel = join(disk, 'channel');
    mkdirSync(channel);
    const run = newRun({ channel });
    const end = await run.run([`dd if=/dev/zero of=${disk}/fill bs=1k 2>/dev/null; true`, 'exit 3']);
    expect(end).toMatchObject({ state: 'failed', reason: 'step', log: 2, end: { exitCode: 3 } });
  });

  it('of the record is told as such, and ends the job', async () => {
    const disk = smallDisk(1024);
    const record = join(disk, 'record');
    mkdirSync(record);
    const run = newRun({ record });
    await expect(run.run(['while :; do echo 0123456789012345678901234567890123456789; done'])).rejects.toMatchObject({ code: 'E_DISK_FULL' });
    expect(execFileSync('ps', ['-A', '-o', 'args=']).toString()).not.toContain(run.directory);
  });
});

describe('a channel that what runs there has tampered with', () => {
  const other = () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-other-'));
    undo.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'secret'), 'secret of the host\n');
    return folder;
  };
  /** The lane, from what a step has as its stdout. */
  const lane = 'lane=$(dirname "$(readlink /proc/self/fd/1)");';

  it.each([
    ['a link', (folder: string) => `${lane} ln -sf ${folder}/secret $lane/2.out; ln -sf ${folder}/secret $lane/2.err`],
    ['a pipe', () => `${lane} rm $lane/2.out $lane/2.err; mkfifo $lane/2.out $lane/2.err`],
    ['a folder', () => `${lane} rm $lane/2.out; mkdir $lane/2.out`],
    ['a device', () => `${lane} rm $lane/2.out; mknod $lane/2.out c 1 5`],
  ])('%s in the place of output is not read', async (_, script) => {
    const folder = other();
    const run = newRun();
    const end = await run.run([script(folder), 'true'], { job: { timeoutSeconds: 20 } });
    expect(['succeeded', 'failed']).toContain(end.state);
    expect((await run.step(2)).stdout.toString()).not.toContain('secret of the host');
    expect(statSync(join(folder, 'secret')).size).toBe(19);
  });

  it.each([
    ['a link', (folder: string) => `${lane} ln -sf ${folder}/secret $lane/records`],
    ['nothing', () => `${lane} rm $lane/records`],
    ['a huge file', () => `${lane} rm $lane/records; head -c 100000000 /dev/zero > $lane/records`],
    [
      'a huge line',
      () => `${lane} rm $lane/records; { printf "hello 1 1 1 0 .\\nstart 1 1.00 1 ."; head -c 50000000 /dev/zero | tr "\\0" 1; } > $lane/records`,
    ],
    [
      'other records',
      () => `${lane} printf "hello 1 1 1 0 .\\nend 1 1.00 0 exited 0 closed whole .\\ndone 1.00 exited whole .\\n" > $lane/n; mv $lane/n $lane/records`,
    ],
    ['a pipe', () => `${lane} rm $lane/records; mkfifo $lane/records`],
    ['the pipe that tells of its life', () => `${lane} rm $lane/alive; touch $lane/alive; kill -KILL $PPID`],
  ])('%s in the place of records is no success', async (_, script) => {
    const run = newRun();
    const used = await memoryOf(async () => {
      const end = await run.run([script(other()), 'exit 1'], { job: { timeoutSeconds: 20 } });
      expect(end.state).toBe('failed');
    });
    expect(used).toBeLessThan(150 * 1024 * 1024);
  });

  it('a folder that is a link by now is not followed when the next job begins', async () => {
    const run = newRun();
    const folder = other();
    await run.run([`${lane} mv $lane $lane.gone; ln -s ${folder} $lane`, 'true']);
    expect(readdirSync(folder)).toEqual(['secret']);
  });
});
