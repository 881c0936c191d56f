import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/host/process.ts';
import { HostRuns } from '../host-runs.ts';

/** A small file system that is full: for the record and its logs, and for the workspace and the channel. */

let box: HostRuns;
const mounted: string[] = [];
beforeEach(() => {
  box = new HostRuns();
});
afterEach(async () => {
  for (const path of mounted.splice(0)) await run(['umount', '--lazy', path]);
  box.dispose();
});

async function small(folder: 'state' | 'cache', size: string): Promise<void> {
  const path = box.path(folder);
  mkdirSync(path);
  const end = await run(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  if (end.exitCode !== 0) throw new Error(end.stderr);
  mounted.push(path);
}

it('a log that fills the disk of the records ends the run as disk-full, with a whole record', async () => {
  await small('state', '3m');
  await box.pipeline(
    'jobs: { it: { steps: ["head -c 20000000 /dev/zero | tr \'\\\\0\' x; sleep 100"] }, clean: { needs: [it], always: true, steps: [echo] } }',
  );
  const { exitCode, run: ended } = await box.run();
  expect([exitCode, ended.outcome]).toMatchObject([125, { kind: 'disk-full', retryable: true }]);
  expect(readFileSync(join(ended.directory, 'run.yml'), 'utf8')).toContain(ended.id);
  // The commands that mend it work.
  await box.ok(['ci', 'prune', '--keep', '0', '--yes']);
  await box.pipeline('jobs: { it: { steps: [echo] } }');
  expect((await box.run()).exitCode).toBe(0);
});

it('a step that fills the disk of the workspace fails itself, and its output is whole', async () => {
  await small('cache', '4m');
  await box.pipeline('jobs: { it: { steps: ["head -c 20000000 /dev/zero > big 2>/dev/null; code=$?; rm big; echo it ended with $code; exit 5"] } }');
  const { exitCode, run: ended, shown } = await box.run();
  expect([exitCode, ended.outcome]).toMatchObject([1, { kind: 'command-failed', evidence: { exit_code: 5 } }]);
  expect(shown).toContain('it ended with 1\n');
});

it('output that does not fit beside a full workspace is disk-full, never a result', async () => {
  await small('cache', '4m');
  await box.pipeline('jobs: { it: { steps: ["head -c 20000000 /dev/zero > big; seq 100000; true"] } }');
  expect(await box.run()).toMatchObject({ exitCode: 125, run: { outcome: { kind: 'disk-full', retryable: true } } });
});

it('a tree that does not fit is disk-full, and nothing of it is left', async () => {
  await small('cache', '1m');
  await box.commit({ '.slipway/ci.yml': 'jobs: { it: { steps: [echo] } }', big: 'x'.repeat(3_000_000) });
  expect(await box.run()).toMatchObject({ exitCode: 125, run: { outcome: { kind: 'disk-full' }, jobs: [] } });
});

it('no room for a record is an ordinary error, and no run', async () => {
  await small('state', '64k');
  await box.pipeline('jobs: { it: { steps: [echo] } }');
  const end = await box.slipway(['ci', 'run']);
  expect([end.exitCode, end.stdout]).toEqual([125, '']);
  expect(end.stderr).toContain('[E_DISK_FULL]');
});
