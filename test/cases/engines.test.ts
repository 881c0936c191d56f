import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/model.ts';
import { Forwarder } from '../forwarder.ts';
import { connectLab, engines, type LabEngine, removeLabelled } from '../lab.ts';
import { type RunOptions, Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

interface TaskJson {
  readonly id: string;
  readonly state: string;
  readonly container_id: string | null;
  readonly engine: { readonly kind: string; readonly endpoint: string } | null;
  readonly problems: readonly { readonly kind: string }[];
}

const [docker, podman, rootless] = ['docker', 'podman', 'podman-rootless'].map((name) => {
  const found = engines.find((engine) => engine.name === name);
  if (found === undefined) throw new Error(`the lab has no ${name}`);
  return found;
}) as [LabEngine, LabEngine, LabEngine];

/** The first engine a person had, and the one that came later; for root, and for a person with a Podman of their own. */
const pairs = [
  { first: docker, second: podman },
  { first: podman, second: docker },
  { first: rootless, second: docker },
] as const;

describe.each(pairs)('$first.name, then $second.name', ({ first, second }) => {
  let box: Sandbox;
  let other: Engine;
  let road: Forwarder;

  /** The environment in which only the first engine is chosen for new things, or only the second. */
  const onFirst = (): RunOptions => ({ env: { SLIPWAY_ENGINE: road.endpoint } });
  const onSecond = (): RunOptions => ({ env: { ...second.env, SLIPWAY_ENGINE: second.endpoint } });

  beforeAll(async () => {
    box = new Sandbox(first, first.rootless ? {} : { as: 'root' });
    other = connectLab(second);
    road = new Forwarder(box.path('first.sock'), first.endpoint);
    await road.open();
    await makeProject(box, 'pair');
    await box.ok(['build', 'pair'], { ...onSecond(), timeoutMs: 600_000 });
  });
  afterAll(async () => {
    await road.close();
    const id = box.installId;
    try {
      if (id !== undefined) await removeLabelled(other, { 'io.slipway.install': id });
    } finally {
      other.close();
      await box.dispose();
    }
  });

  const startTask = async (options: RunOptions): Promise<string> => {
    const task = await box.ok(['task', 'new', 'pair'], options);
    await box.ok(['task', 'run-cli', 'pair', task], options);
    return task;
  };
  const json = async <T>(args: readonly string[], options: RunOptions): Promise<T> => JSON.parse(await box.ok([...args, '--json'], options)) as T;
  const status = (task: string, options: RunOptions) => json<TaskJson>(['task', 'status', 'pair', task], options);
  const name = (task: string) => `pair-cli-${task}`;

  it('what was made on the first stays on it, every verb, by SLIPWAY_ENGINE and by --engine', async () => {
    const task = await startTask(onFirst());
    const made = await box.container(name(task));
    expect(made?.state).toBe('running');
    for (const [flags, options] of [
      [[], onSecond()],
      [['--engine', second.endpoint], { env: second.env }],
    ] as const) {
      const verb = (...args: readonly string[]) => box.ok([...flags, 'task', ...args], options);
      expect(await status(task, options)).toMatchObject({ state: 'running', container_id: made?.id, engine: { kind: first.kind, endpoint: road.endpoint } });
      expect(await verb('run-cli', 'pair', task)).toContain('already running');
      expect(await verb('exec', 'pair', task, '--', 'cat', 'README.md')).toBe('# pair');
      await verb('stop', 'pair', task);
      expect(await box.container(name(task))).toMatchObject({ id: made?.id, state: 'exited' });
      await verb('restart', 'pair', task);
      expect(await box.container(name(task))).toMatchObject({ id: made?.id, state: 'running' });
    }
    expect(await other.containers.inspect(name(task))).toBeUndefined();
    await box.ok(['task', 'delete', '--yes', 'pair', task], onSecond());
    expect(await box.container(name(task))).toBeUndefined();
  });

  it('new tasks go to the second; the list asks each engine once and shows both', async () => {
    const here = await startTask(onFirst());
    const there = await startTask(onSecond());
    expect(await other.containers.inspect(name(there))).toMatchObject({ state: 'running' });
    expect(await box.container(name(there))).toBeUndefined();
    road.requests.length = 0;
    const listed = await json<readonly TaskJson[]>(['task', 'list', 'pair'], onSecond());
    expect(listed.find(({ id }) => id === here)).toMatchObject({ state: 'running', engine: { endpoint: road.endpoint }, problems: [] });
    expect(listed.find(({ id }) => id === there)).toMatchObject({ state: 'running', engine: { endpoint: second.endpoint }, problems: [] });
    expect(road.requests.filter((request) => request.endsWith('/containers/json'))).toHaveLength(1);
  });

  describe('where the first does not answer', () => {
    let here: string;
    let there: string;
    beforeEach(async () => {
      here = await startTask(onFirst());
      there = await startTask(onSecond());
    });
    afterEach(async () => {
      await road.close();
      road.lead(first.endpoint);
      await road.open();
    });

    it('its tasks are "unknown", the second\'s are as they are, and no verb takes that for "there is none"', async () => {
      await road.close();
      const list = await box.slipway(['task', 'list', 'pair', '--json'], onSecond());
      expect(list.exitCode).toBe(1);
      const listed = JSON.parse(list.stdout) as readonly TaskJson[];
      expect(listed.find(({ id }) => id === here)).toMatchObject({ state: 'unknown', container_id: null, problems: [{ kind: 'engine' }] });
      expect(listed.find(({ id }) => id === there)).toMatchObject({ state: 'running', problems: [] });
      for (const args of [['status'], ['stop'], ['restart'], ['run-cli'], ['delete', '--yes']]) {
        const end = await box.slipway(['task', ...args, 'pair', here], onSecond());
        expect([end.exitCode, /\[E_ENGINE_[A-Z]+\]/.test(end.stderr)]).toEqual([1, true]);
      }
      expect(await box.container(name(here))).toMatchObject({ state: 'running' });
      expect(box.read(`state/tasks/pair/${here}/workspace/README.md`)).toBe('# pair\n');
      expect(await box.ok(['task', 'exec', 'pair', there, '--', 'cat', 'README.md'], onSecond())).toBe('# pair');
    });

    it('another engine at its address is told from it: E_ENGINE_CHANGED, and nothing is made or deleted', async () => {
      road.lead(second.endpoint);
      for (const args of [['status'], ['stop'], ['restart'], ['run-cli'], ['delete', '--yes']]) {
        const end = await box.slipway(['task', ...args, 'pair', here], onSecond());
        expect([args, end.exitCode, end.stderr.includes('[E_ENGINE_CHANGED]')]).toEqual([args, 1, true]);
      }
      const list = await box.slipway(['task', 'list', 'pair', '--json'], onSecond());
      expect(list.exitCode).toBe(1);
      const listed = JSON.parse(list.stdout) as readonly TaskJson[];
      expect(listed.find(({ id }) => id === here)).toMatchObject({ state: 'unknown', problems: [{ kind: 'engine' }] });
      expect(listed.find(({ id }) => id === there)).toMatchObject({ state: 'running' });
      expect(await box.container(name(here))).toMatchObject({ state: 'running' });
      expect(await other.containers.inspect(name(here))).toBeUndefined();
      expect(box.read(`state/tasks/pair/${here}/workspace/README.md`)).toBe('# pair\n');
    });
  });

  it('an engine that was detected is saved, and one that comes up later in a better place changes nothing', async () => {
    const runtime = box.path('runtime');
    // With nothing chosen, detection asks CONTAINER_HOST first.
    const detecting = (more: Readonly<Record<string, string>> = {}): RunOptions => ({
      env: { SLIPWAY_ENGINE: '', XDG_RUNTIME_DIR: runtime, DOCKER_HOST: road.endpoint, ...more },
    });
    mkdirSync(runtime, { recursive: true });
    const task = await startTask(detecting());
    expect(await status(task, detecting())).toMatchObject({ state: 'running', engine: { endpoint: road.endpoint } });
    expect(JSON.parse(box.read('state/engine.json'))).toMatchObject({ kind: first.kind, endpoint: road.endpoint });

    const later = detecting({ ...second.env, CONTAINER_HOST: second.endpoint, XDG_RUNTIME_DIR: runtime });
    const next = await startTask(later);
    expect(await status(next, later)).toMatchObject({ state: 'running', engine: { endpoint: road.endpoint } });
    expect(await box.container(name(next))).toMatchObject({ state: 'running' });
    expect(await other.containers.inspect(name(next))).toBeUndefined();

    await road.close();
    try {
      const made = await box.ok(['task', 'new', 'pair'], later);
      const end = await box.slipway(['task', 'run-cli', 'pair', made], later);
      expect([end.exitCode, end.stderr.includes('[E_ENGINE_')]).toEqual([1, true]);
      expect(await other.containers.inspect(name(made))).toBeUndefined();
    } finally {
      await road.open();
    }
  });
});
