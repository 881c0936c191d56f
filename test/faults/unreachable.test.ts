import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines, lab as allEngines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { type Fault, FaultyEngine } from './faulty-engine.ts';
import { expectNothingLeft, snapshot } from './kill.ts';

const faults: readonly Fault[] = ['gone', 'refuses', 'fails', 'drops', 'hangs'];

/** The engine out of order in five ways, for each verb: an error with a code of its own, nothing deleted, nothing "not found". */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let road: FaultyEngine;
  const throughRoad = () => ({ env: { SLIPWAY_ENGINE: road.endpoint } });
  const slipway = (args: readonly string[]) => box.slipway(args, { ...throughRoad(), timeoutMs: 170_000 });
  const ok = (args: readonly string[]) => box.ok(args, { ...throughRoad(), timeoutMs: 170_000 });
  const newRunning = async () => {
    const task = await ok(['task', 'new', 'far']);
    await ok(['task', 'run-cli', 'far', task]);
    return task;
  };

  beforeAll(async () => {
    box = new Sandbox(lab, { as: 'root' });
    road = new FaultyEngine(box.path('road.sock'), lab.endpoint);
    await road.mend();
    await makeProject(box, 'far');
  });
  beforeEach(() => road.mend());
  afterAll(async () => {
    await road.close();
    await box.dispose();
  });

  const containers = async () =>
    (await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '' } }))
      .map(({ id, name, state }) => `${id} ${name} ${state}`)
      .toSorted();
  const images = async () => (await box.engine.images.list({ labels: { 'io.slipway.install': box.installId ?? '' } })).map(({ id }) => id).toSorted();
  /** What is known of tasks and projects; locks, caches and the journal may come and go. */
  const metadata = () => Object.entries(snapshot(box)).filter(([file]) => /^(config|state\/projects|state\/install)/.test(file));

  // Most of this is the client's, the same for both; an engine that hangs is waited for a minute.
  it.each(faults.filter((fault) => lab.kind === 'docker' || fault === 'gone' || fault === 'drops'))(
    '%s: each verb is an error of its own and changes nothing; then all is as before',
    async (fault) => {
      const stopped = await newRunning();
      await ok(['task', 'stop', 'far', stopped]);
      const run = await ok(['run', 'far', '--detach', 'true']);
      const tasks = await Promise.all(Array.from({ length: 7 }, newRunning));
      const [a, b, c, d, e, f, g] = tasks as [string, string, string, string, string, string, string];
      const verbs: readonly (readonly string[])[] = [
        ['task', 'run-cli', 'far', stopped],
        ['task', 'stop', 'far', a],
        ['task', 'restart', 'far', b],
        ['task', 'restart', '--force', 'far', c],
        ['task', 'restart', '--recreate', 'far', d],
        ['task', 'delete', '--yes', 'far', e],
        ['task', 'status', 'far', f],
        ['task', 'exec', 'far', g, 'true'],
        ['task', 'logs', 'far', run],
        ['task', 'start', 'far'],
        ['run', 'far', 'true'],
        ['build', 'far', '--full-rebuild'],
        ['image', 'list'],
        ['image', 'prune', '--yes'],
        ['image', 'import', allEngines.archives.tiny, 'slipway-faults-never:1'],
        ['image', 'save', 'far:l2-cli', '-o', box.path('never.tar')],
        ['image', 'load', allEngines.archives.tiny],
        ['image', 'pull', 'localhost:1/never:1'],
        ['task', 'list'],
      ];
      await expect.poll(async () => (await box.json<{ state: string }>(['task', 'status', 'far', run])).state, { timeout: 30_000 }).toBe('exited');
      const before = [metadata(), await containers(), await images()];

      await road.breakDown(fault);
      // Those that hang do so at the same time; each has a resource of its own.
      const ask = async (args: readonly string[]) => ({ args, end: await slipway(args) });
      const ends = fault === 'hangs' ? await Promise.all(verbs.map(ask)) : [];
      if (fault !== 'hangs') for (const args of verbs) ends.push(await ask(args));
      for (const { args, end } of ends) {
        const what = args.join(' ');
        const expected = ['run', 'shell'].includes(args[0] ?? '') || args[1] === 'exec' ? 125 : 1;
        expect([what, end.exitCode, end.stderr]).toEqual([what, expected, end.stderr]);
        if (what === 'task list') expect(end.stdout).toMatch(new RegExp(`^far +${a} .* unknown `, 'm'));
        else expect([what, end.stderr]).toEqual([what, expect.stringMatching(/\[E_(ENGINE(_[A-Z]+)?|STREAM)\]/)]);
        expect([what, end.stderr + end.stdout]).toEqual([what, expect.not.stringMatching(/not found|no such|does not exist|E_NO_|E_INTERNAL/i)]);
      }
      expect(metadata()).toEqual(before[0]);
      expect(readdirSync(box.directory)).not.toContain('never.tar');

      await road.mend();
      expect((await slipway(['task', 'list'])).exitCode).toBe(0);
      expect([metadata(), await containers(), await images()]).toEqual(before);
      await expectNothingLeft(box);
      await ok(['task', 'run-cli', 'far', stopped]);
      for (const task of [a, b, c, d, f, g]) await ok(['task', 'restart', '--force', 'far', task]);
      for (const task of [stopped, run, ...tasks]) await ok(['task', 'delete', '--yes', 'far', task]);
    },
    400_000,
  );

  interface Midway {
    readonly verb: readonly string[];
    readonly at: RegExp;
    readonly outcome: 'completed' | 'undone' | 'either';
    readonly state: 'running' | 'exited' | 'deleted';
  }
  const midway: readonly Midway[] = [
    { verb: ['run-cli'], at: /POST .*\/containers\/create/, outcome: 'either', state: 'running' },
    { verb: ['run-cli'], at: /POST .*\/start/, outcome: 'either', state: 'running' },
    { verb: ['stop'], at: /POST .*\/stop/, outcome: 'either', state: 'exited' },
    { verb: ['restart', '--force'], at: /POST .*\/start/, outcome: 'either', state: 'running' },
    { verb: ['restart', '--recreate'], at: /POST .*\/rename/, outcome: 'undone', state: 'running' },
    { verb: ['restart', '--recreate'], at: /POST .*\/containers\/create/, outcome: 'undone', state: 'running' },
    { verb: ['restart', '--recreate'], at: /POST .*\/start/, outcome: 'undone', state: 'running' },
    { verb: ['delete', '--yes'], at: /DELETE /, outcome: 'either', state: 'deleted' },
  ];
  const cases = midway.flatMap((one) =>
    (lab.kind === 'docker' ? (['before', 'after'] as const) : (['after'] as const)).map((when) => ({
      ...one,
      when,
      title: `${one.verb.join(' ')}, ${when} ${one.at.source}`,
    })),
  );

  it.each(cases)('goes away in the middle of $title: the task is whole once the engine is back', async ({ verb, at, when, outcome, state }) => {
    const task = verb[0] === 'run-cli' ? await ok(['task', 'new', 'far']) : await newRunning();
    const command = ['task', ...verb, 'far', task];
    await road.breakAt(at, when);
    const end = await slipway(command);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(/\[E_ENGINE_UNREACHABLE\]/)]);
    // Meanwhile nothing gets lost, and what asks no engine works.
    expect((await slipway(['task', 'status', 'far', task])).stderr).not.toContain('E_NO_');
    expect((await slipway(['project', 'list'])).exitCode).toBe(0);
    expect((await slipway(['journal'])).exitCode).toBe(0);

    await road.mend();
    const next = await slipway(['task', 'list']);
    expect([next.exitCode, next.stderr]).toEqual([0, next.stderr]);
    if (outcome !== 'either') expect(next.stderr).toContain(`recovered: `);
    await expectNothingLeft(box);
    const again = await slipway(command);
    if (again.exitCode !== 0) expect(again.stderr).toMatch(/\[E_(TASK_NOT_RUNNING|NO_TASK)\]/);
    const own = await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '', 'io.slipway.task': task } });
    expect(own.map(({ name, state: is }) => `${name} ${is}`)).toEqual(state === 'deleted' ? [] : [`far-cli-${task} ${state}`]);
    if (state !== 'deleted') await ok(['task', 'delete', '--yes', 'far', task]);
  });
});
