import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEnd } from '../jobs/model.ts';
import type { PlannedJob } from '../model.ts';
import { type JobResult, type KnownJob, runSchedule } from './schedule.ts';

const done: JobEnd = { state: 'succeeded', reason: 'done', output: null, oomKills: 0 };
const failed: JobEnd = { state: 'failed', reason: 'step', output: null, oomKills: 0 };

function job(name: string, needs: readonly string[] = [], more: Partial<PlannedJob> = {}): PlannedJob {
  return {
    name,
    id: name,
    group: name,
    needs,
    always: false,
    allowFailure: false,
    retry: 0,
    env: {},
    cwd: '.',
    secrets: [],
    services: [],
    artifacts: [],
    caches: [],
    work: { kind: 'steps', steps: [] },
    ...more,
  };
}

/** Runs a schedule whose jobs end when `ends` says so, and tells what began and ended, in order. */
async function play(
  jobs: readonly PlannedJob[],
  options: {
    readonly limit?: number;
    readonly known?: ReadonlyMap<string, KnownJob>;
    readonly cancelled?: AbortSignal;
    readonly stopped?: AbortSignal;
    readonly run?: (job: PlannedJob, attempt: number) => Promise<JobEnd> | JobEnd;
  } = {},
): Promise<{ readonly log: readonly string[]; readonly results: ReadonlyMap<string, JobResult>; readonly most: number }> {
  const log: string[] = [];
  let now = 0;
  let most = 0;
  const results = await runSchedule({
    jobs,
    limit: options.limit ?? 10,
    known: options.known ?? new Map(),
    cancelled: options.cancelled ?? new AbortController().signal,
    stopped: options.stopped ?? new AbortController().signal,
    async run(one, attempt, adopted) {
      log.push(`${adopted ? 'adopt' : 'run'} ${one.name}${attempt > 1 ? ` ${attempt}` : ''}`);
      now += 1;
      most = Math.max(most, now);
      const end = await (options.run?.(one, attempt) ?? done);
      now -= 1;
      return end;
    },
    onState(one, state) {
      if (state !== 'running') log.push(`${one.name} ${state}`);
    },
  });
  return { log, results, most };
}

const diamond = [job('lint'), job('build', ['lint']), job('test', ['lint']), job('ship', ['build', 'test'])];

describe('the schedule', () => {
  it('runs a diamond with its middle side by side', async () => {
    const { log, most } = await play(diamond, { run: () => new Promise((resolve) => setTimeout(resolve, 5, done)) });
    expect(log.slice(0, 4)).toEqual(['run lint', 'lint succeeded', 'run build', 'run test']);
    expect(log.slice(-2)).toEqual(['run ship', 'ship succeeded']);
    expect(most).toBe(2);
  });

  it('keeps to its limit', async () => {
    const { most } = await play(
      ['a', 'b', 'c', 'd'].map((name) => job(name)),
      { limit: 2, run: () => new Promise((resolve) => setTimeout(resolve, 2, done)) },
    );
    expect(most).toBe(2);
  });

  it('skips what stands behind a failure, and runs what always runs', async () => {
    const { results } = await play([...diamond, job('report', ['ship'], { always: true })], { run: ({ name }) => (name === 'build' ? failed : done) });
    expect([...results].map(([name, { state }]) => `${name} ${state}`).sort()).toEqual([
      'build failed',
      'lint succeeded',
      'report succeeded',
      'ship skipped',
      'test succeeded',
    ]);
    expect(results.get('ship')?.reason).toBe('build failed');
  });

  it('goes on behind a job that is allowed to fail, and behind one that skipped itself', async () => {
    const skipped: JobEnd = { state: 'skipped', reason: 'skipped', output: null, oomKills: 0 };
    const { results } = await play([job('flaky', [], { allowFailure: true }), job('maybe'), job('next', ['flaky', 'maybe'])], {
      run: ({ name }) => (name === 'flaky' ? failed : name === 'maybe' ? skipped : done),
    });
    expect(results.get('next')?.state).toBe('succeeded');
  });

  it('tries again as often as the job allows', async () => {
    const { log, results } = await play([job('flaky', [], { retry: 2 })], { run: (_, attempt) => (attempt < 3 ? failed : done) });
    expect(log).toEqual(['run flaky', 'run flaky 2', 'run flaky 3', 'flaky succeeded']);
    expect(results.get('flaky')?.attempt).toBe(3);
  });

  it('begins nothing after a cancel but what always runs', async () => {
    const controller = new AbortController();
    const { results } = await play([job('first', [], { retry: 1 }), job('next', ['first']), job('clean', ['next'], { always: true })], {
      cancelled: controller.signal,
      run({ name }) {
        if (name === 'first') controller.abort();
        return name === 'first' ? { ...failed, state: 'cancelled', reason: 'cancelled' } : done;
      },
    });
    expect([...results].map(([name, { state, attempt }]) => [name, state, attempt])).toEqual([
      ['first', 'cancelled', 1],
      ['next', 'cancelled', 0],
      ['clean', 'succeeded', 1],
    ]);
  });

  it('begins nothing at all once it is stopped', async () => {
    const controller = new AbortController();
    controller.abort();
    const { log } = await play([job('first'), job('clean', [], { always: true })], { stopped: controller.signal });
    expect(log).toEqual(['first cancelled', 'clean cancelled']);
  });

  it('goes on from what an earlier driver left', async () => {
    const known = new Map<string, KnownJob>([
      ['lint', { result: { state: 'succeeded', attempt: 1, output: null } }],
      ['build', { running: 2 }],
    ]);
    const { log } = await play(diamond, { known });
    expect(log).toEqual(['adopt build 2', 'run test', 'build succeeded', 'test succeeded', 'run ship', 'ship succeeded']);
  });

  it('whatever jobs do, gives each one result, and starts none before what it needs has ended', async () => {
    const jobs = fc
      .array(
        fc.record({
          needs: fc.array(fc.nat(20), { maxLength: 3 }),
          always: fc.boolean(),
          allowFailure: fc.boolean(),
          retry: fc.nat(2),
          ends: fc.array(fc.constantFrom('succeeded', 'failed', 'skipped', 'throws'), { minLength: 3, maxLength: 3 }),
          takes: fc.nat(3),
        }),
        { minLength: 1, maxLength: 9 },
      )
      .map((list) =>
        list.map((one, index) => ({
          ...one,
          planned: job(`j${index}`, [...new Set(one.needs.filter((need) => need < index).map((need) => `j${need}`))], {
            always: one.always,
            allowFailure: one.allowFailure,
            retry: one.retry,
          }),
        })),
      );
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 4 }), fc.option(fc.nat(10)), fc.option(fc.nat(10)), async (list, limit, cancelAfter, stopAfter) => {
        const cancel = new AbortController();
        const stop = new AbortController();
        let begun = 0;
        const { log, results, most } = await play(
          list.map(({ planned }) => planned),
          {
            limit,
            cancelled: cancel.signal,
            stopped: stop.signal,
            async run({ name }, attempt) {
              begun += 1;
              if (begun === cancelAfter) cancel.abort();
              if (begun === stopAfter) stop.abort();
              const one = list[Number(name.slice(1))];
              for (let tick = 0; tick < (one?.takes ?? 0); tick++) await new Promise((resolve) => setImmediate(resolve));
              const state = one?.ends[attempt - 1];
              if (state === 'failed' || state === 'throws') return failed;
              return state === 'skipped' ? { ...done, state: 'skipped', reason: 'skipped' } : done;
            },
          },
        );
        const allNeeds = (name: string): readonly string[] => {
          const needs = list.find(({ planned }) => planned.name === name)?.planned.needs ?? [];
          return [...needs, ...needs.flatMap(allNeeds)];
        };
        expect(most).toBeLessThanOrEqual(limit);
        for (const { planned } of list) {
          const ends = log.filter((line) => new RegExp(`^${planned.name} `).test(line));
          expect(ends).toHaveLength(1);
          const result = results.get(planned.name);
          expect(ends[0]).toBe(`${planned.name} ${result?.state}`);
          const start = log.indexOf(`run ${planned.name}`);
          expect(start >= 0).toBe((result?.attempt ?? 0) > 0);
          if (start < 0) continue;
          for (const need of allNeeds(planned.name)) {
            const ended = log.findIndex((line) => line.startsWith(`${need} `));
            expect(ended).toBeGreaterThanOrEqual(0);
            expect(ended).toBeLessThan(start);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
