import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { JobRun } from '../ci-job.ts';

const runs: JobRun[] = [];
const newRun = () => {
  const run = new JobRun();
  runs.push(run);
  return run;
};
afterEach(() => {
  for (const run of runs.splice(0)) run.dispose();
});

describe('a job', () => {
  it('succeeds when all its steps do, each in the workspace, with its output in a log of its own', async () => {
    const run = newRun();
    const end = await run.run(['pwd; echo oops >&2', ['printf', '%s', 'no newline']]);
    expect(end).toEqual({ state: 'succeeded', reason: 'done', output: null, oomKills: expect.any(Number) });
    const [first, second] = [await run.step(1), await run.step(2)];
    expect([first.stdout.toString(), first.stderr.toString(), second.stdout.toString()]).toEqual([`${run.workspace}\n`, 'oops\n', 'no newline']);
    expect(run.events.map((event) => [event.event, event.log])).toEqual([
      ['step-start', 1],
      ['step-end', 1],
      ['step-start', 2],
      ['step-end', 2],
    ]);
    expect(run.endsOf().map(({ reason, exitCode }) => [reason, exitCode])).toEqual([
      ['exited', 0],
      ['exited', 0],
    ]);
  });

  it.each([1, 2, 125, 126, 127, 137, 143, 255])('ends with the step that exits with %i', async (code) => {
    const run = newRun();
    const end = await run.run(['true', `exit ${code}`, 'echo never']);
    expect(end).toMatchObject({
      state: 'failed',
      reason: 'step',
      message: `Step 2 (exit ${code}) exited with ${code}.`,
      log: 2,
      end: { exitCode: code, reason: 'exited' },
    });
    expect(run.events).toHaveLength(4);
  });

  it('finds no repository above its workspace, but one that it makes there', async () => {
    const run = newRun();
    expect(spawnSync('git', ['init', '-q', run.directory]).status).toBe(0);
    const found = 'mkdir -p deep/er; git rev-parse --show-toplevel 2>&1; cd deep/er; git rev-parse --show-toplevel 2>&1';
    expect(await run.run([`${found} || :`, `git init -q; ${found}`])).toMatchObject({ state: 'succeeded' });
    expect(await run.stdout(1)).toMatch(/^(?:fatal: not a git repository.*\n){2}$/);
    expect(await run.stdout(2)).toBe(`${run.workspace}\n`.repeat(2));
  });
});
