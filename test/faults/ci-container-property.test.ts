import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipelineRepository, type RunJson } from '../ci-run.ts';
import { engines, lab as labFile } from '../lab.ts';
import { disorderIn, pipelineOf, possibleOutcomes, randomRun } from '../random-pipeline.ts';
import { Sandbox } from '../sandbox.ts';

/** Through the program, in containers; in some of the runs the driver is killed, too. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  beforeAll(() => {
    box = new Sandbox(lab);
  });
  afterAll(() => box.dispose());

  it('any pipeline with random failures, cancels, timeouts and killed drivers ends in exactly one outcome, and its jobs ran in an order that its graph allows', async () => {
    let sequence = 0;
    const killed = fc.option(fc.integer({ min: 0, max: 2500 }), { nil: undefined, freq: 2 });
    await fc.assert(
      fc.asyncProperty(randomRun, killed, async (random, killMs) => {
        const name = `random${sequence++}`;
        const repository = await pipelineRepository(box, name, { pipeline: pipelineOf(random, '/work/log', { image: labFile.images.tiny }) });
        const { limitSeconds, cancelMs } = random;
        const limit = limitSeconds === undefined ? [] : ['--timeout', `${limitSeconds}s`];
        // Kept for what it wrote; without a container that is stopped and stays nothing is left by it either.
        const running = box.slipway(['ci', 'run', '--json', '--keep', ...limit], { cwd: repository, timeoutMs: 120_000 });
        const disturbed = Promise.all([
          wait(killMs, () => killDriver(box, name)),
          wait(cancelMs, () => box.slipway(['ci', 'cancel', 'latest'], { cwd: repository })),
        ]);
        const end = await running;
        await disturbed;
        const run = JSON.parse(end.stdout) as RunJson;
        const possible = new Set([...possibleOutcomes(random), ...(killMs === undefined ? [] : ['runner-crashed'])]);
        expect(possible, JSON.stringify(run)).toContain(run.outcome?.kind);
        const log = join(run.workspace, 'log');
        const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
        expect(disorderIn(random, lines)).toEqual([]);
        expect(run.jobs.filter(({ state }) => state === 'running' || state === 'waiting')).toEqual([]);
        expect(readFileSync(join(run.directory, 'events.jsonl'), 'utf8').match(/"event":"end"/g)).toHaveLength(1);
        const containers = await box.engine.containers.list({ labels: { 'io.slipway.run': run.id } });
        expect(containers.filter(({ state }) => state === 'running')).toEqual([]);
        await box.ok(['ci', 'prune', '--keep', '0', '--yes']);
        await expectNothingOf(run);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  }, 900_000);

  async function expectNothingOf(run: RunJson): Promise<void> {
    const labels = { 'io.slipway.run': run.id };
    expect([await box.engine.containers.list({ labels }), existsSync(run.workspace), existsSync(run.directory)]).toEqual([[], false, false]);
  }
});

async function wait(ms: number | undefined, act: () => unknown): Promise<void> {
  if (ms === undefined) return;
  await new Promise((resolve) => setTimeout(resolve, ms));
  await act();
}

/** Of the one run of a repository, where it has a driver by now. */
function killDriver(box: Sandbox, repository: string): void {
  const folder = box.path('state/locks/run', repository);
  const locks = existsSync(folder) ? readdirSync(folder).filter((name) => /^[^-]+-[0-9a-f]{8}\.lock$/.test(name)) : [];
  for (const name of locks) {
    try {
      const { pid } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly pid: number };
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}
