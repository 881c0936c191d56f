import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunJson } from '../ci-run.ts';
import { HostRuns } from '../host-runs.ts';

/** kill -9 of whoever works on a run. */

let box: HostRuns;
beforeEach(() => {
  box = new HostRuns();
});
afterEach(() => box.dispose());

const detached = (...args: readonly string[]) => box.json<RunJson>(['ci', 'run', '--detach', ...args]);
const ended = (id: string) => box.until(({ state }) => state === 'ended', id);

/** Each step leaves a line in a file of its own job, outside of the workspace. */
const diamond = (log: string) => `jobs:
  first: { steps: ["echo first >> ${log}; sleep 0.3"] }
  left: { needs: [first], steps: ["echo left >> ${log}; sleep 0.5", "echo left2 >> ${log}"] }
  right: { needs: [first], steps: ["echo right >> ${log}; sleep 0.4"] }
  last: { needs: [left, right], steps: ["echo last >> ${log}; sleep 0.2"] }
  clean: { needs: [last], always: true, steps: ["echo clean >> ${log}"] }
`;

describe('the driver', () => {
  it('killed in the middle of a step is replaced by the next command; the step goes on and is not run again', async () => {
    await box.pipeline(`jobs: { it: { steps: ["echo begun; until [ -e ${box.path('gate')} ]; do sleep 0.1; done; echo over", "echo second"] } }`);
    const { id } = await detached();
    const run = await box.until(({ jobs }) => jobs.some(({ steps }) => steps.length > 0), id);
    await kill(run);
    box.write('gate', '');
    const next = await box.slipway(['ci', 'list']);
    expect(next.stderr).toContain(`Nobody looked after run ${id} any more`);
    const end = await ended(id);
    expect([end.outcome?.kind, end.jobs[0]?.attempt, end.jobs[0]?.steps.length]).toEqual(['succeeded', 1, 2]);
    expect((await box.ok(['ci', 'logs', id])).match(/begun|over|second/g)).toEqual(['begun', 'over', 'second']);
    expect(
      box
        .events(end)
        .filter((event) => event.event === 'driver')
        .map(({ adopted }) => adopted),
    ).toEqual([false, true]);
    await box.expectNothingLeft(end);
  });

  it('killed under a follower is replaced by that', async () => {
    await box.pipeline('jobs: { it: { steps: ["sleep 2; echo over"] } }');
    const going = box.slipway(['ci', 'run', '--json']);
    const run = await box.until(({ jobs }) => jobs.some(({ steps }) => steps.length > 0));
    await kill(run);
    const end = await going;
    expect(end.exitCode).toBe(0);
    expect(end.stderr).toContain('another one goes on');
    expect(end.stderr).toContain('over\n');
    await box.expectNothingLeft(box.parse(end));
  });

  it('killed after a job has failed: the outcome is still what that says', async () => {
    const gate = box.path('gate');
    await box.pipeline(`jobs: { bad: { steps: ["exit 7"] }, slow: { steps: ["until [ -e ${gate} ]; do sleep 0.1; done"] } }`);
    const { id } = await detached();
    await kill(await box.until(({ jobs }) => jobs[0]?.state === 'failed' && jobs[1]?.state === 'running', id));
    await box.ok(['ci', 'list']);
    box.write('gate', '');
    expect((await ended(id)).outcome).toMatchObject({ kind: 'command-failed', job: 'bad', evidence: { exit_code: 7, step: 'exit 7' } });
  });

  it('killed before anything ran ends the run as runner-crashed', async () => {
    await box.pipeline('jobs: { it: { secrets: [SLOW], steps: [echo] } }');
    box.write('config/config.yml', 'secrets: { SLOW: { command: [sleep, "30"] } }\n');
    const { id } = await detached();
    await kill(await box.until(({ phase }) => phase === 'plan', id));
    await box.json(['ci', 'reap']);
    const end = await box.show(id);
    expect(end.outcome).toMatchObject({ kind: 'runner-crashed', retryable: true, evidence: { phase: 'plan' } });
    await box.expectNothingLeft(end);
  });

  it('killed in the queue leaves the run in the queue', async () => {
    const gate = box.path('gate');
    box.write('config/config.yml', 'ci: { max_runs: 1 }\n');
    await box.pipeline(`jobs: { it: { steps: ["until [ -e ${gate} ]; do sleep 0.1; done"] } }`);
    const first = await detached();
    await box.until(({ phase }) => phase === 'jobs', first.id);
    const second = await detached();
    await kill(await box.until(({ phase }) => phase === 'queued', second.id));
    const { settled } = await box.json<{ readonly settled: readonly unknown[] }>(['ci', 'reap']);
    expect(settled).toEqual([{ id: second.id, repository: 'work', state: 'queued', outcome: null }]);
    expect(await box.show(second.id)).toMatchObject({ state: 'queued', place: 1, outcome: null });
    box.write('gate', '');
    expect((await ended(first.id)).outcome?.kind).toBe('succeeded');
    expect((await ended(second.id)).outcome?.kind).toBe('succeeded');
  });

  it('killed, is not replaced by a command on a copy of the state', async () => {
    const gate = box.path('gate');
    await box.pipeline(`jobs: { it: { steps: ["until [ -e ${gate} ]; do sleep 0.1; done"] } }`);
    const { id } = await detached();
    const run = await box.until(({ phase }) => phase === 'jobs', id);
    await kill(run);
    cpSync(box.path('state'), box.path('copy'), { recursive: true });
    const copy = { env: { SLIPWAY_STATE_DIR: box.path('copy') } };
    expect((await box.slipway(['ci', 'list'], copy)).stderr).toBe('');
    expect(await box.slipway(['ci', 'run'], copy)).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('[E_INSTALL_FOREIGN]') });
    expect([driversOf(run), box.driver(run)]).toEqual([1, undefined]);
    box.write('gate', '');
    await box.ok(['ci', 'reap']);
    expect((await ended(id)).outcome?.kind).toBe('succeeded');
  });

  it('a run whose drivers die again and again is ended, with what it runs', async () => {
    await box.pipeline('jobs: { it: { steps: ["sleep 100"] } }');
    const { id } = await detached();
    for (let drivers = 1; drivers <= 5; drivers++) {
      const run = await box.until((now) => now.jobs.some(({ steps }) => steps.length > 0) && driversOf(now) === drivers, id);
      await kill(run);
      await box.ok(['ci', 'list']);
    }
    const end = await ended(id);
    expect(end.outcome).toMatchObject({ kind: 'runner-crashed', message: '5 drivers of this run have died.' });
    await box.expectNothingLeft(end);
  });

  it('killed at any moment leaves a run with one outcome, whose steps ran once and in order', async () => {
    const log = box.path('log');
    await box.pipeline(diamond(log));
    const seen = new Set<string>();
    for (let round = 0; round < 12; round++) {
      rmSync(log, { force: true });
      const { id } = await detached();
      await new Promise((resolve) => setTimeout(resolve, 150 + round * 220));
      await kill(await box.show(id));
      await box.ok(['ci', 'reap']);
      const end = await ended(id);
      seen.add(end.outcome?.kind ?? '');
      expect(end.outcome?.kind).toMatch(/^(succeeded|runner-crashed)$/);
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
      expect(lines).toHaveLength(new Set(lines).size);
      if (end.outcome?.kind === 'succeeded') expect(lines).toHaveLength(6);
      for (const [before, after] of [
        ['first', 'left'],
        ['first', 'right'],
        ['left', 'left2'],
        ['left2', 'last'],
        ['right', 'last'],
        ['last', 'clean'],
      ] as const) {
        if (lines.includes(after)) expect(lines.indexOf(before)).toBeLessThan(lines.indexOf(after));
      }
      await box.expectNothingLeft(end);
    }
    expect(seen).toContain('succeeded');
  }, 300_000);
});

describe('ci run', () => {
  it('killed leaves its run going on', async () => {
    await box.pipeline('jobs: { it: { steps: ["sleep 1; echo over"] } }');
    const child = box.start(['ci', 'run']);
    const run = await box.until(({ phase }) => phase === 'jobs');
    child.kill('SIGKILL');
    const end = await ended(run.id);
    expect(end.outcome?.kind).toBe('succeeded');
    await box.expectNothingLeft(end);
  });

  it('killed at any write of the journal leaves a run that the next command drives to its end, or none', async () => {
    await box.pipeline('jobs: { it: { steps: [echo] } }');
    const preload = fileURLToPath(new URL('kill-at.mjs', import.meta.url));
    const log = box.path('kill.log');
    const killing = (at: string) => ({ env: { NODE_OPTIONS: `--import ${preload}`, KILL_AT: at, KILL_LOG: log } });
    let runs = 0;
    for (let write = 1; write <= 8; write++) {
      for (const when of ['before', 'after']) {
        rmSync(log, { force: true });
        const end = await box.slipway(['ci', 'run', '--detach'], killing(`${write}:${when}`));
        expect([write, when, end.signal]).toEqual([write, when, write <= writes ? 'SIGKILL' : undefined]);
        await box.ok(['ci', 'reap']);
        const list = await box.list();
        for (const run of list) await box.expectNothingLeft(await ended(run.id));
        expect([runs, runs + 1]).toContain(list.length);
        runs = list.length;
        if (list.length > 0) expect(readdirSync(box.path('state/runs/work')).filter((name) => name.startsWith('.'))).toEqual([]);
        if (list.length > 0) expect(readdirSync(box.path('state/runs/open'))).toEqual([]);
      }
    }
    expect(runs).toBeGreaterThan(4);
  }, 300_000);
});

/** opened, begin, intent, done, end, filed, removed */
const writes = 7;

/** Kills a run's driver, which may be starting still; none is left to kill where the run ends meanwhile. */
async function kill({ id }: RunJson): Promise<void> {
  const run = await box.until((now) => box.driver(now) !== undefined || now.state === 'ended', id);
  const pid = box.driver(run);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

function driversOf(run: RunJson): number {
  return box.events(run).filter(({ event }) => event === 'driver').length;
}
