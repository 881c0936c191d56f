import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { JobRun } from '../ci-job.ts';

const runs: JobRun[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.dispose();
});
const newRun = () => {
  const run = new JobRun();
  runs.push(run);
  return run;
};

describe('a job that is a function', () => {
  it('gives the commands to the executor, and gets what they wrote', async () => {
    const run = newRun();
    const source = `async ({ sh }) => {
      const { exit, stdout, stderr, cmd } = await sh('echo out; echo err >&2; exit 3', { check: false, env: { A: 'b' } });
      const argv = await sh(['printf', '%s|', 'a b', '', '$A']);
      console.log('between');
      const where = await sh('pwd; echo "$A"', { env: { A: 'x y' } });
      return { exit, stdout, stderr, cmd, argv: argv.stdout, where: where.stdout };
    }`;
    const end = await run.runFunction(source);
    expect(end).toMatchObject({ state: 'succeeded', reason: 'done' });
    expect(end.output).toEqual({
      exit: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      cmd: 'echo out; echo err >&2; exit 3',
      argv: 'a b||$A|',
      where: `${run.workspace}\nx y\n`,
    });
    const starts = run.events.flatMap((event) => (event.event === 'step-start' ? [[event.log, event.name]] : []));
    expect(starts).toHaveLength(4);
    expect(starts.slice(0, 2)).toEqual([
      [1, 'echo out; echo err >&2; exit 3'],
      [2, 'printf %s| a b  $A'],
    ]);
    const printed = starts.find(([, name]) => name === 'output of the function')?.[0];
    expect(await run.stdout(Number(printed))).toBe('between\n');
    expect(await run.stdout(1)).toBe('out\n');
  });

  it('runs commands side by side where it does not wait', async () => {
    const run = newRun();
    const source = `async ({ sh }) => {
      const pair = [sh('touch one; while [ ! -e two ]; do sleep 0.05; done'), sh('touch two; while [ ! -e one ]; do sleep 0.05; done')];
      await Promise.all(pair);
      for (let index = 0; index < 40; index++) await sh('echo ' + index);
    }`;
    expect(await run.runFunction(source)).toMatchObject({ state: 'succeeded' });
    expect(run.endsOf()).toHaveLength(42);
    expect(await run.stdout(42)).toBe('39\n');
  });

  it('fails as the command does whose failure it lets pass, and as itself otherwise', async () => {
    expect(await newRun().runFunction("async ({ sh }) => { await sh('exit 7'); }")).toMatchObject({
      state: 'failed',
      reason: 'step',
      log: 1,
      end: { exitCode: 7 },
    });
    expect(await newRun().runFunction("() => { throw new Error('no luck'); }")).toMatchObject({
      state: 'failed',
      reason: 'function',
      message: expect.stringContaining('no luck'),
    });
    expect(await newRun().runFunction("({ skip }) => skip('nothing to do')")).toMatchObject({ state: 'skipped', message: 'nothing to do' });
    expect(await newRun().runFunction('() => process.exit(0)')).toMatchObject({ state: 'failed', reason: 'lost' });
  });

  it('ends a command at its limit, which the function may catch, and everything at its own', async () => {
    const run = newRun();
    const source = `async ({ sh }) => {
      try { await sh('sleep 60', { timeout: '1s' }); } catch (error) { return String(error.message); }
    }`;
    expect(await run.runFunction(source)).toMatchObject({ state: 'succeeded', output: '`sleep 60` ran over its time limit' });
    const started = Date.now();
    const end = await newRun().runFunction(
      "async ({ sh }) => { await sh('sleep 61').catch(() => {}); await new Promise((resolve) => setTimeout(resolve, 60_000)); }",
      {
        job: { timeoutSeconds: 2 },
      },
    );
    expect(end).toMatchObject({ state: 'failed', reason: 'timeout', message: 'The job ran over its limit of 2 s.' });
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  it('is cancelled with its commands', async () => {
    const run = newRun();
    const mark = join(run.workspace, 'began');
    const job = run.runFunction(`async ({ sh }) => { await sh('touch ${mark}; sleep 62'); }`);
    await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true);
    run.cancel();
    expect(await job).toMatchObject({ state: 'cancelled' });
    expect(run.endsOf()).toMatchObject([{ reason: 'cancelled' }]);
  });

  it('gets its secrets, and shows none of them', async () => {
    const run = newRun();
    writeFileSync(join(run.workspace, 'x'), '');
    const source = `async ({ sh, secret }) => {
      const key = await secret('KEY');
      console.log('printed ' + key);
      const { stdout } = await sh('printf %s "$KEY"; echo " $KEY" >&2; echo ' + key);
      if (!stdout.startsWith(key)) throw new Error('not what it was');
      throw new Error('with ' + key + ' in it');
    }`;
    const end = await run.runFunction(source, { secrets: { KEY: 'hunter2-hunter2' } });
    expect(end).toMatchObject({ state: 'failed', message: expect.stringContaining('with {{ KEY }} in it') });
    expect(JSON.stringify([end, run.events])).not.toContain('hunter2');
    const logs = await Promise.all([1, 2].map(async (log) => (await run.step(log)).stdout.toString()));
    expect(logs.sort()).toEqual(['printed {{ KEY }}\n', '{{ KEY }}{{ KEY }}\n']);
  });
});
