import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/runs/model.ts';
import type { RunJson } from '../ci-run.ts';
import { HostRuns } from '../host-runs.ts';

/** Several runs: the queue, cancel, retry and prune. On the host, through the program. */

let box: HostRuns;
beforeEach(() => {
  box = new HostRuns();
});
afterEach(() => box.dispose());

describe('the queue', () => {
  const waiting = 'jobs: { it: { steps: ["until [ -e $GATE ]; do sleep 0.1; done"] } }';
  let gate: string;
  beforeEach(async () => {
    gate = box.path('gate');
    box.write('config/config.yml', 'ci: { max_runs: 1 }\n');
    await box.pipeline(waiting.replace('$GATE', gate));
  });
  const detached = async (...args: readonly string[]) => (await box.json<RunJson>(['ci', 'run', '--detach', ...args])).id;

  it('holds back what is too much, shows the places, and goes on in order', async () => {
    const first = await detached();
    await box.until(({ phase }) => phase === 'jobs', first);
    const second = await detached();
    const third = await detached();
    for (const id of [second, third]) await box.until(({ phase }) => phase === 'queued', id);
    expect((await box.list()).map(({ id, state, place }) => [id, state, place])).toEqual([
      [third, 'queued', 2],
      [second, 'queued', 1],
      [first, 'running', null],
    ]);
    expect(await box.ok(['ci', 'list'])).toMatch(/queued \(place 2\).*queued \(place 1\).*running \(jobs\)/s);
    box.write('gate', '');
    const ended = [
      await box.until(({ state }) => state === 'ended', first),
      await box.until(({ state }) => state === 'ended', second),
      await box.until(({ state }) => state === 'ended', third),
    ];
    expect(ended.map(({ outcome }) => outcome?.kind)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    const [a, b, c] = ended.map((run) => ({ began: moment(box.events(run), 'workspace'), over: moment(box.events(run), 'ended') }));
    expect([a?.over, b?.over].map(String) <= [b?.began, c?.began].map(String)).toBe(true);
  });

  it('gives the place of a queued run of the same branch to a newer one, on request', async () => {
    const first = await detached();
    await box.until(({ phase }) => phase === 'jobs', first);
    const old = await detached();
    await box.git('checkout', '-q', '-b', 'other');
    const other = await detached();
    await box.git('checkout', '-q', 'main');
    const newer = await detached('--supersede');
    const ended = await box.until(({ state }) => state === 'ended', old);
    expect(ended.outcome).toMatchObject({ kind: 'superseded', retryable: false, evidence: { by: newer } });
    await box.expectNothingLeft(ended);
    box.write('gate', '');
    for (const id of [first, other, newer]) expect((await box.until(({ state }) => state === 'ended', id)).outcome?.kind).toBe('succeeded');
  });

  it('lets go of a run that is cancelled in it', async () => {
    const first = await detached();
    await box.until(({ phase }) => phase === 'jobs', first);
    const second = await detached();
    expect(await box.json<RunJson>(['ci', 'cancel', second])).toMatchObject({ outcome: { kind: 'cancelled' }, jobs: [] });
    expect((await box.show(first)).state).toBe('running');
    expect((await box.json<RunJson>(['ci', 'cancel', first])).outcome?.kind).toBe('cancelled');
  });
});

describe('cancel', () => {
  const pipeline = `jobs:
  stubborn: { steps: ["trap '' TERM; echo begun; sleep 100 & sleep 100", echo second] }
  next: { needs: [stubborn], steps: [echo next] }
  clean: { needs: [next], always: true, steps: [echo cleaned] }
`;

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s of `ci run` ends the run, waits for it and exits 130', async (signal) => {
    await box.pipeline(pipeline);
    const child = box.start(['ci', 'run', '--json']);
    const output = collect(child);
    await box.until(({ jobs }) => jobs.some(({ steps }) => steps.length > 0));
    child.kill(signal);
    const { code, stdout, stderr } = await output;
    expect(code).toBe(130);
    const run = box.parse({ stdout, stderr });
    expect(run.outcome).toMatchObject({ kind: 'cancelled', retryable: true });
    expect(run.jobs.map(({ name, state }) => `${name} ${state}`)).toEqual(['stubborn cancelled', 'next cancelled', 'clean succeeded']);
    await box.expectNothingLeft(run);
  });

  it('does not wait for what comes before the jobs', async () => {
    box.write('config/config.yml', 'secrets: { SLOW: { command: [sleep, "100"] } }\n');
    await box.pipeline('jobs: { it: { secrets: [SLOW], steps: [echo] }, clean: { always: true, steps: [echo] } }');
    const { id } = await box.json<RunJson>(['ci', 'run', '--detach']);
    await box.until(({ phase }) => phase === 'plan', id);
    const run = await box.json<RunJson>(['ci', 'cancel', id]);
    expect([run.outcome?.kind, run.jobs.map(({ state }) => state)]).toEqual(['cancelled', ['cancelled', 'cancelled']]);
    await box.expectNothingLeft(run);
  });

  it('that comes after the last job changes nothing', async () => {
    await box.pipeline('jobs: { it: { steps: ["true"] } }');
    const { run } = await box.run();
    expect(await box.json<RunJson>(['ci', 'cancel', run.id])).toMatchObject({ id: run.id, outcome: { kind: 'succeeded' } });
  });

  it('from another process, twice, ends also what always runs', async () => {
    await box.pipeline('jobs: { clean: { always: true, steps: ["sleep 100"] } }');
    const { id } = await box.json<RunJson>(['ci', 'run', '--detach']);
    await box.until(({ phase }) => phase === 'jobs', id);
    const first = box.slipway(['ci', 'cancel', id]);
    await expect.poll(() => existsSync(box.path('state/runs/work', id, 'end-request.json'))).toBe(true);
    await box.ok(['ci', 'cancel', id.split('-')[1] ?? '']);
    expect((await first).exitCode).toBe(0);
    const run = await box.show(id);
    expect([run.outcome?.kind, run.jobs[0]?.state]).toEqual(['cancelled', 'cancelled']);
    await box.expectNothingLeft(run);
    expect(await box.ok(['ci', 'cancel', id])).toBe(`Run ${id} had ended already: cancelled.`);
  });
});

describe('retry', () => {
  it('runs the same again, or only what did not succeed with what that needs', async () => {
    await box.pipeline('jobs: { a: { steps: [echo a] }, b: { needs: [a], steps: ["exit 1"] }, c: { steps: [echo c] } }');
    const first = await box.run(['--timeout', '60s']);
    expect(first.exitCode).toBe(1);
    await box.pipeline('jobs: { other: { steps: [echo other] } }');
    const again = box.parse(await box.slipway(['ci', 'retry', 'latest', '--json']));
    expect(again).toMatchObject({
      retry_of: first.run.id,
      timeout_seconds: 60,
      source: { commit: first.run.source.commit },
      outcome: { kind: 'command-failed' },
    });
    expect(again.jobs.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    const failed = await box.slipway(['ci', 'retry', first.run.id, '--failed', '--json']);
    expect([failed.exitCode, box.parse(failed).jobs.map(({ name }) => name)]).toEqual([1, ['a', 'b']]);
  });
});

describe('prune', () => {
  it('keeps the newest, and those that go on', async () => {
    await box.pipeline('jobs: { it: { steps: [echo] } }');
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) ids.unshift((await box.run()).run.id);
    expect((await box.json<{ readonly steps: readonly unknown[] }>(['ci', 'prune', '--keep', '1', '--dry-run'])).steps).toHaveLength(2);
    expect((await box.slipway(['ci', 'prune', '--keep', '1'])).exitCode).toBe(2);
    expect((await box.json<{ readonly runs: readonly unknown[] }>(['ci', 'prune', '--older-than', '1h', '--yes'])).runs).toEqual([]);
    const { runs } = await box.json<{ readonly runs: readonly { readonly id: string }[] }>(['ci', 'prune', '--keep', '1', '--yes']);
    expect(runs.map(({ id }) => id)).toEqual(ids.slice(1));
    expect((await box.list()).map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });
});

function moment(events: readonly RunEvent[], phase: 'workspace' | 'ended'): string | undefined {
  return phase === 'ended' ? events.find(({ event }) => event === 'end')?.at : events.find((event) => event.event === 'phase' && event.phase === phase)?.at;
}

function collect(child: ReturnType<HostRuns['start']>): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}
