import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { run } from '../../src/host/process.ts';
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

  it('has the last words of a driver that died in its record', async () => {
    box.write('die.cjs', "if (process.argv.includes('drive')) setTimeout(() => { throw new Error('last words'); }, 2000);\n");
    await box.pipeline('jobs: { slow: { steps: ["sleep 3"] } }');
    const { run } = await box.run([], { env: { NODE_OPTIONS: `--require ${box.path('die.cjs')}` } });
    expect(readFileSync(join(run.directory, 'driver.log'), 'utf8')).toContain('Error: last words');
    expect(box.events(run).filter(({ event }) => event === 'driver').length).toBeGreaterThan(1);
  });

  it('leaves no driver behind where there is nothing to run', async () => {
    const end = await box.slipway(['ci', 'run'], { cwd: box.directory });
    expect([end.exitCode, end.stderr]).toEqual([125, expect.stringContaining('[E_NO_REPOSITORY]')]);
    await expect.poll(() => box.processesWith(`SLIPWAY_STATE_DIR=${box.path('state')}`)).toEqual([]);
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

  it('leaves a job alone that keeps to its limit', async () => {
    await box.pipeline('jobs: { it: { timeout: 9s, steps: ["true", "true"] }, step: { steps: [{ run: "exit 3", timeout: 9s }] } }');
    expect((await box.run()).run.jobs.map(({ state, steps }) => [state, steps.map(({ reason }) => reason)])).toEqual([
      ['succeeded', ['exited', 'exited']],
      ['failed', ['exited']],
    ]);
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

  it('is no success for a script where the reader of its output went away', async () => {
    await box.pipeline('jobs: { it: { steps: ["sleep 1; echo late; exit 3"] } }');
    const script = `${process.execPath} "$PROGRAM" ci run; echo $? > ${box.path('code')}`;
    const end = await run(['bash', '-c', `( ${script} ) | true`], { cwd: box.repository, env: box.env({ PROGRAM: inject('program') }) });
    expect([end.exitCode, readFileSync(box.path('code'), 'utf8')]).toEqual([0, '125\n']);
    expect((await box.until(({ state }) => state === 'ended')).outcome?.kind).toBe('command-failed');
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

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
