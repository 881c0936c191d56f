import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNothingLeft, goingRun, pipelineRepository, type RunJson } from '../ci-run.ts';
import { engines } from '../lab.ts';
import { OwnLab } from '../own-lab.ts';
import { Sandbox } from '../sandbox.ts';

const own = new OwnLab('lost');

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** The engine's service is killed. Docker's containers do not outlive its next start, Podman's never notice. */
describe.each(engines.map(({ name }) => name))('%s', (name) => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox(own.engine(name));
  });
  afterEach(() => box.dispose(), 120_000);

  const pipeline = (seconds: number) => `image: ${own.images.tiny}
jobs:
  first:
    steps: ["touch here; i=0; while [ $i -lt ${seconds * 10} ]; do i=$((i+1)); sleep 0.1; done; echo counted to $i"]
  second:
    needs: [first]
    steps: [echo the second]
`;
  /** Starts a run, and kills the engine in the middle of its first step. */
  const runAndKill = async (seconds: number) => {
    const repository = await pipelineRepository(box, 'lost', { pipeline: pipeline(seconds) });
    const running = box.slipway(['ci', 'run', '--json'], { cwd: repository, timeoutMs: 150_000 });
    await goingRun(box, ({ workspace }) => existsSync(join(workspace, 'here')));
    await own.command('kill', name);
    return { ended: running };
  };

  it.each([
    { what: 'the step goes on longer', seconds: 9 },
    { what: 'the next job is due before', seconds: 3 },
  ])('back after five seconds: $what', async ({ seconds }) => {
    const { ended } = await runAndKill(seconds);
    await sleep(5);
    await own.command('start', name);
    const { exitCode, stdout, stderr } = await ended;
    const { outcome, ...rest } = JSON.parse(stdout) as RunJson;
    if (name === 'docker') {
      expect([exitCode, outcome]).toEqual([125, expect.objectContaining({ kind: 'engine-lost', retryable: true })]);
    } else {
      expect([exitCode, outcome?.kind, stderr]).toEqual([0, 'succeeded', expect.stringContaining(`counted to ${seconds * 10}\n`)]);
      expect(stderr).toContain('the second\n');
    }
    await expectNothingLeft(box, { outcome, ...rest });
  });

  it('never back: the run says so, and what it had goes once the engine is there again', async () => {
    box.write('config/config.yml', 'ci:\n  engine_patience: 3\n');
    const { ended } = await runAndKill(60);
    const end = await ended;
    const lost = JSON.parse(end.stdout) as RunJson;
    expect([end.exitCode, lost.outcome]).toEqual([
      125,
      expect.objectContaining({ kind: 'engine-lost', retryable: true, evidence: expect.objectContaining({ waited_seconds: 3 }) }),
    ]);
    await own.command('start', name);
    await box.ok(['ci', 'reap']);
    await expectNothingLeft(box, lost);
    expect((await box.json<RunJson>(['ci', 'show', lost.id])).outcome).toEqual(lost.outcome);
  });
});
