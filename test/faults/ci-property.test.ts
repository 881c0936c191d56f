import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { change } from '../../src/operations/change.ts';
import { cancelCiRun } from '../../src/runs/cancel.ts';
import { driveRun } from '../../src/runs/driver/drive.ts';
import { newRunWanted } from '../../src/runs/new-run.ts';
import { runStatus } from '../../src/runs/status.ts';
import { newRun } from '../../src/runs/verbs.ts';
import { HostRuns } from '../host-runs.ts';
import { disorderIn, pipelineOf, possibleOutcomes, type RandomRun, randomRun } from '../random-pipeline.ts';

let box: HostRuns;
beforeAll(() => {
  box = new HostRuns();
  box.write('config/config.yml', 'ci: { max_runs: 100, jobs: 3 }\n');
});
afterAll(() => box.dispose());

it('any pipeline with random failures, cancels and timeouts ends in exactly one outcome, and its jobs ran in an order that its graph allows', async () => {
  let sequence = 0;
  await fc.assert(
    fc.asyncProperty(randomRun, async (random) => {
      const log = box.path(`log-${sequence++}`);
      box.write(log.slice(box.directory.length + 1), '');
      const status = await play(random, log);
      const { outcome, jobs } = status;
      expect(possibleOutcomes(random)).toContain(outcome?.kind);
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      expect(disorderIn(random, lines)).toEqual([]);
      expect(jobs.filter(({ state }) => state === 'waiting' || state === 'running')).toEqual([]);
      if (outcome?.kind === 'succeeded') {
        const allowed = new Set(random.jobs.filter(({ allowFailure }) => allowFailure).map(({ name }) => name));
        expect(jobs.filter(({ name, state }) => state !== 'succeeded' && state !== 'skipped' && !allowed.has(name))).toEqual([]);
      }
      const events = readFileSync(join(status.directory, 'events.jsonl'), 'utf8');
      expect(events.match(/"event":"end"/g)).toHaveLength(1);
      expect(box.processes(status.run)).toEqual([]);
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 600_000);

/** In this process: the driver, real supervisors, real files. */
async function play(random: RandomRun, log: string) {
  const out = { progress: () => {}, note: () => {}, warn: () => {}, raw: () => {} };
  const app = createApp({ env: box.env(), out, signal: new AbortController().signal });
  await box.pipeline(pipelineOf(random, log, { executor: 'host' }));
  const { limitSeconds, cancelMs } = random;
  const wanted = await newRunWanted(app, { directory: box.repository, ...(limitSeconds === undefined ? {} : { timeoutSeconds: limitSeconds }) });
  const { before } = await change(app, newRun, wanted);
  const ref = { repository: before.repository, run: wanted.run };
  const driving = driveRun(app, ref);
  if (cancelMs !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, cancelMs));
    await cancelCiRun(app, ref, 'the test');
  }
  expect(await driving).toBe(true);
  return runStatus(app, ref);
}
