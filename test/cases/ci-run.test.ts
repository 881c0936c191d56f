import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/runs/model.ts';
import type { RunJson } from '../ci-run.ts';
import { HostRuns } from '../host-runs.ts';

/** `slipway ci run` on the host, through the program. */

let box: HostRuns;
beforeEach(() => {
  box = new HostRuns();
});
afterEach(() => box.dispose());

describe('a run', () => {
  it('runs steps at the commit, exits 0, and leaves a whole record and nothing else', async () => {
    const commit = await box.pipeline('jobs: { hello: { steps: ["echo hello; pwd; ls -A"] } }');
    const { exitCode, run, shown } = await box.run();
    expect([exitCode, run.outcome?.kind]).toEqual([0, 'succeeded']);
    expect(shown).toContain(`hello\n${run.workspace}\n.slipway\n`);
    expect(run).toMatchObject({
      repository: 'work',
      state: 'ended',
      executor: 'host',
      source: { commit, revision: 'HEAD', ref: 'refs/heads/main', dirty: false },
    });
    expect(run.tree).toBe(await box.git('rev-parse', 'HEAD^{tree}'));
    expect(readdirSync(run.directory).sort()).toEqual(['driver.log', 'events.jsonl', 'jobs', 'outcome.json', 'plan.json', 'run.yml']);
    expect(readFileSync(join(run.directory, 'driver.log'), 'utf8')).toBe('');
    expect(existsSync(join(run.directory, 'jobs/hello/1.log'))).toBe(true);
  });

  it('without --json shows jobs as they go, and a table at the end', async () => {
    await box.pipeline('jobs: { build: { steps: ["echo built"] }, test: { needs: [build], steps: ["exit 3"] } }');
    const end = await box.slipway(['ci', 'run']);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toBe('');
    expect(end.stdout).toMatch(/^Run \S+ of work\nbuild: running\nbuild: echo built\nbuilt\nbuild: succeeded after \S+ s\ntest: running\n/);
    expect(end.stdout).toMatch(/\nJOB {2,}STATE {2,}TIME .*\nbuild {2,}succeeded {2,}.*\ntest {2,}failed {2,}/);
    expect(end.stdout).toContain('ended: command-failed. Job test: ');
    expect(end.stdout).toMatch(/`slipway ci logs \S+` shows its output; `slipway ci retry \S+ --failed` tries it again\.\n$/);
  });

  it('overlaps independent jobs in time, in an order that the graph allows, each line with its job', async () => {
    // Each of the two waits for a sign of the other: one after the other they would never end.
    const meet = (me: string, other: string) =>
      `{ needs: [first], timeout: 30s, steps: ["touch ${me}; until [ -e ${other} ]; do sleep 0.05; done; echo ${me} met"] }`;
    await box.pipeline(`jobs:
  first: { steps: [echo first] }
  left: ${meet('left', 'right')}
  right: ${meet('right', 'left')}
  last: { needs: [left, right], steps: [echo last] }
`);
    const { exitCode, run, shown } = await box.run();
    expect([exitCode, run.outcome?.message]).toEqual([0, '4 jobs succeeded.']);
    expect(shown).toContain('left | left met\n');
    expect(shown).toContain('right | right met\n');
    const order = box.events(run).flatMap((event) => (event.event === 'job' ? [`${event.job} ${event.state}`] : []));
    expect(order.slice(0, 2)).toEqual(['first running', 'first succeeded']);
    expect(order.slice(2, 4).sort()).toEqual(['left running', 'right running']);
    expect(order.slice(-2)).toEqual(['last running', 'last succeeded']);
  });

  it.each([1, 2, 125, 126, 127, 137, 143, 255])("a command's own exit code %i is a command's exit", async (code) => {
    await box.pipeline(`jobs: { it: { steps: ["exit ${code}"] } }`);
    const { exitCode, run } = await box.run();
    expect(exitCode).toBe(1);
    expect(run.outcome).toMatchObject({ kind: 'command-failed', retryable: false, job: 'it', evidence: { exit_code: code } });
  });

  it('skips what needs a failed job, goes on behind one that may fail, runs what always runs', async () => {
    await box.pipeline(`jobs:
  bad: { steps: ["false"] }
  behind: { needs: [bad], steps: [echo no] }
  flaky: { allowFailure: true, steps: ["false"] }
  after: { needs: [flaky], steps: [echo yes] }
  clean: { needs: [behind], always: true, steps: [echo clean] }
`);
    const { exitCode, run } = await box.run();
    expect([exitCode, run.outcome?.kind, run.outcome?.job]).toEqual([1, 'command-failed', 'bad']);
    expect(Object.fromEntries(run.jobs.map(({ name, state }) => [name, state]))).toEqual({
      bad: 'failed',
      behind: 'skipped',
      flaky: 'failed',
      after: 'succeeded',
      clean: 'succeeded',
    });
  });

  it('tries a job again as often as it says, and tells of each attempt', async () => {
    await box.pipeline('jobs: { it: { retry: 2, steps: ["echo attempt $SLIPWAY_ATTEMPT; [ $SLIPWAY_ATTEMPT = 3 ]"] } }');
    const { exitCode, run, shown } = await box.run();
    expect([exitCode, run.jobs[0]]).toMatchObject([0, { state: 'succeeded', attempt: 3 }]);
    expect(shown.match(/^attempt \d$/gm)).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
  });

  it('ends a job at its time limit, and the whole run at its own', async () => {
    await box.pipeline('jobs: { slow: { timeout: 1s, steps: ["sleep 60"] } }');
    expect(await box.run()).toMatchObject({ exitCode: 1, run: { outcome: { kind: 'timeout', job: 'slow', retryable: true } } });
    await box.pipeline('jobs: { slow: { steps: ["sleep 60"] }, clean: { needs: [slow], always: true, steps: [echo cleaned] } }');
    const whole = await box.run(['--timeout', '2s']);
    expect(whole).toMatchObject({ exitCode: 1, run: { outcome: { kind: 'timeout', evidence: { limit: 'run', limit_seconds: 2 } } } });
    expect(whole.run.jobs.map(({ name, state }) => `${name} ${state}`)).toEqual(['slow cancelled', 'clean succeeded']);
  });

  it('runs chosen jobs with what they need', async () => {
    await box.pipeline('jobs: { a: { steps: [echo a] }, b: { needs: [a], steps: [echo b] }, c: { steps: ["false"] } }');
    const { run } = await box.run(['--job', 'b']);
    expect(run.jobs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(run.outcome?.kind).toBe('succeeded');
    expect(await box.run(['--job', 'bb'])).toMatchObject({
      exitCode: 125,
      run: { outcome: { kind: 'pipeline-invalid', message: expect.stringContaining('no job "bb"') } },
    });
  });

  it('tests changes only where it is told to', async () => {
    await box.pipeline('jobs: { it: { steps: ["cat file"] } }');
    box.write('work/file', 'untracked\n');
    expect((await box.run()).run.outcome?.kind).toBe('command-failed');
    const dirty = await box.run(['--dirty']);
    expect([dirty.run.outcome?.kind, dirty.run.source.dirty]).toEqual(['succeeded', true]);
    expect(dirty.shown).toContain('untracked\n');
  });

  it('keeps its workspace where that is asked for, until it is pruned', async () => {
    await box.pipeline('jobs: { it: { steps: [touch made] } }');
    const kept = box.parse(await box.slipway(['ci', 'run', '--keep', '--json']));
    expect(readdirSync(kept.workspace).sort()).toEqual(['.slipway', 'made']);
    expect(await box.json(['ci', 'reap'])).toEqual({ settled: [], removed: [] });
    expect(existsSync(kept.workspace)).toBe(true);
    await box.ok(['ci', 'prune', '--keep', '0', '--yes']);
    expect([existsSync(kept.workspace), existsSync(kept.directory)]).toEqual([false, false]);
  });

  it('keeps artifacts, and shares caches with the next run', async () => {
    await box.pipeline(`jobs:
  it:
    cache: [{ key: deps, path: .deps }]
    artifacts: ["out/**/*.txt"]
    steps: ["cat .deps/seen || true; echo $SLIPWAY_RUN > .deps/seen; mkdir -p out/deep; echo made > out/deep/a.txt; exit 1"]
`);
    const first = await box.run();
    expect(readFileSync(join(first.run.directory, 'artifacts/it/out/deep/a.txt'), 'utf8')).toBe('made\n');
    expect((await box.run()).shown).toContain(`${first.run.id}\n`);
  });

  it('hides secrets in everything that is written and shown', async () => {
    box.write('config/config.yml', 'secrets: { TOKEN: { env: THE_TOKEN } }\n');
    await box.pipeline('jobs: { it: { secrets: [TOKEN], steps: ["echo token $TOKEN; echo $TOKEN | base64; exit 4"] } }');
    const { run, shown } = await box.run([], { env: { THE_TOKEN: 'correct-horse-battery' } });
    expect(run.outcome?.kind).toBe('command-failed');
    expect(shown).toContain('token {{ TOKEN }}\n');
    const texts = filesBelow(box.path('state')).map((file) => readFileSync(file, 'latin1'));
    for (const text of [...texts, shown]) for (const form of ['correct-horse-battery', 'Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5']) expect(text).not.toContain(form);
  });

  it('works from a hook of git, which points git at another repository', async () => {
    await box.pipeline('jobs: { it: { steps: ["echo ${GIT_DIR:-none} ${GIT_INDEX_FILE:-none}"] } }');
    const { exitCode, shown } = await box.run([], { env: { GIT_DIR: '.git', GIT_INDEX_FILE: '.git/index', GIT_PREFIX: '' } });
    expect(exitCode).toBe(0);
    expect(shown).toContain('none none\n');
  });
});

describe('what goes wrong before anything runs', () => {
  it('is an ordinary error with exit code 125 where there is no repository', async () => {
    const end = await box.slipway(['ci', 'run'], { cwd: box.directory });
    expect([end.exitCode, end.stdout]).toEqual([125, '']);
    expect(end.stderr).toContain('[E_NO_REPOSITORY]');
    expect(existsSync(box.path('state/runs'))).toBe(false);
  });

  it.each(['no-such-branch', '0123456789012345678901234567890123456789', '--upload-pack=touch /tmp/x', '-x', ''])(
    'revision %j leaves a record and no folder',
    async (revision) => {
      await box.pipeline('jobs: { it: { steps: [echo] } }');
      const { exitCode, run } = await box.run(['--', revision]);
      expect([exitCode, run.outcome?.kind, run.jobs]).toEqual([125, 'workspace-materialization-failed', []]);
      expect(run.source.revision).toBe(revision);
      expect(existsSync(box.path('cache/runs/work', run.id))).toBe(false);
    },
  );

  it.each([
    ['no pipeline', 'README', 'E_NO_PIPELINE'],
    ['a mistake in it', '.slipway/ci.yml', 'E_PIPELINE_INVALID'],
    ['a script that nobody trusted', '.slipway/ci.ts', 'E_PIPELINE_UNTRUSTED'],
  ])('%s is pipeline-invalid', async (_, file, code) => {
    await box.commit({ [file]: 'jobs: { it: { stepps: [echo] } }\n' });
    const { exitCode, run } = await box.run();
    expect([exitCode, run.outcome?.kind, run.outcome?.evidence.code]).toEqual([125, 'pipeline-invalid', code]);
    expect(run.jobs).toEqual([]);
  });

  it('a secret that is not configured is told by its name', async () => {
    await box.pipeline('jobs: { it: { secrets: [NO_TOKEN], steps: [echo] } }');
    expect(await box.run()).toMatchObject({ exitCode: 125, run: { outcome: { kind: 'pipeline-invalid', evidence: { code: 'E_NO_SECRET' } } } });
  });

  it('an engine that does not answer is engine-lost', async () => {
    await box.pipeline('image: debian:12\njobs: { it: { steps: [echo] } }');
    expect(await box.run()).toMatchObject({ exitCode: 125, run: { outcome: { kind: 'engine-lost', retryable: true } } });
  });
});

describe('two runs of one commit at once', () => {
  it('never meet', async () => {
    box.write('config/config.yml', 'ci: { max_runs: 4 }\n');
    await box.pipeline('jobs: { it: { steps: ["echo $SLIPWAY_RUN > mine; sleep 0.5; cat mine; ls | wc -l"] } }');
    const runs = await Promise.all([1, 2, 3].map(() => box.run()));
    expect(new Set(runs.map(({ run }) => run.id)).size).toBe(3);
    for (const { exitCode, run, shown } of runs) {
      expect(exitCode).toBe(0);
      expect(shown).toContain(`\n${run.id}\n1\n`);
    }
  });
});

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
    await box.until(({ phase }) => phase === 'queued', third);
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
    box.expectNothingLeft(ended);
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
    box.expectNothingLeft(run);
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
    box.expectNothingLeft(run);
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

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
