import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { cutAt, expectNothingLeft, isAfterEnd, isAtEngine, journal, Killer, nextCommand, type Told } from './kill.ts';

interface StatusJson {
  readonly state: string;
  readonly mode: string | null;
  readonly container_id: string | null;
  readonly run: { readonly exit_code: number | null } | null;
}

interface Verb {
  readonly name: string;
  /** Makes the state in which the verb has something to do, and gives the task. */
  readonly prepare: () => Promise<string>;
  /** The same, of a task that is as the verb leaves it. Where there is none, each time takes a task of its own. */
  readonly again?: (task: string) => Promise<void>;
  readonly command: (task: string) => readonly string[];
  /** Whether what the verb wanted is so, in the engine's own words and on disk; `untouched`: whether all is as before. */
  readonly check: (task: string, told: 'completed' | 'untouched', before: string | undefined) => Promise<void>;
}

/** kill -9 at every journal write of every verb of tasks (on Podman: where the engine is asked); then the next command, and the verb again. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let killer: Killer;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'cut');
    killer = new Killer(box);
  });
  afterAll(() => box.dispose());

  const status = (task: string) => box.json<StatusJson>(['task', 'status', 'cut', task]);
  const containerOf = (task: string) => box.container(`cut-cli-${task}`);
  const created = () => box.ok(['task', 'new', 'cut']);
  const running = async () => {
    const { id: task } = await box.json<{ readonly id: string }>(['task', 'start', 'cut']);
    box.write(`state/tasks/cut/${task}/workspace/work`, 'uncommitted\n');
    return task;
  };
  const kill = async (task: string) => {
    await box.engine.containers.kill(`cut-cli-${task}`, 'SIGKILL');
    await box.engine.containers.wait(`cut-cli-${task}`);
  };
  const stopped = async () => {
    const task = await running();
    await kill(task);
    return task;
  };
  const expectRunning = async (task: string) => {
    expect((await containerOf(task))?.state).toBe('running');
    expect(await status(task)).toMatchObject({ state: 'running', mode: 'cli' });
    expect(box.read(`state/tasks/cut/${task}/workspace/README.md`)).toBe('# cut\n');
  };
  const sameWork = (task: string) => expect(box.read(`state/tasks/cut/${task}/workspace/work`)).toBe('uncommitted\n');

  const verbs: readonly Verb[] = [
    {
      name: 'task run-cli',
      prepare: created,
      command: (task) => ['task', 'run-cli', 'cut', task],
      async check(task, told) {
        if (told === 'completed') return expectRunning(task);
        expect(await status(task)).toMatchObject({ state: 'created', mode: null, container_id: null });
        expect(await containerOf(task)).toBeUndefined();
      },
    },
    {
      name: 'task stop',
      prepare: running,
      again: (task) => box.engine.containers.start(`cut-cli-${task}`),
      command: (task) => ['task', 'stop', 'cut', task],
      async check(task, told, before) {
        expect(await containerOf(task)).toMatchObject({ id: before, state: told === 'completed' ? 'exited' : 'running' });
        sameWork(task);
      },
    },
    {
      name: 'task restart',
      prepare: stopped,
      again: kill,
      command: (task) => ['task', 'restart', 'cut', task],
      async check(task, told, before) {
        expect(await containerOf(task)).toMatchObject({ id: before, state: told === 'completed' ? 'running' : 'exited' });
        sameWork(task);
      },
    },
    {
      name: 'task restart --force',
      prepare: running,
      again: async () => {},
      command: (task) => ['task', 'restart', '--force', 'cut', task],
      async check(task, _, before) {
        expect(await containerOf(task)).toMatchObject({ id: before, state: 'running' });
        sameWork(task);
      },
    },
    {
      name: 'task restart --recreate',
      prepare: running,
      again: async () => {},
      command: (task) => ['task', 'restart', '--recreate', 'cut', task],
      async check(task, told, before) {
        const container = await containerOf(task);
        expect(container?.state).toBe('running');
        expect(container?.id === before).toBe(told === 'untouched');
        sameWork(task);
      },
    },
    {
      name: 'task delete',
      prepare: running,
      command: (task) => ['task', 'delete', '--yes', 'cut', task],
      async check(task, told, before) {
        if (told === 'untouched') {
          expect(await containerOf(task)).toMatchObject({ id: before });
          return sameWork(task);
        }
        expect(await containerOf(task)).toBeUndefined();
        expect([existsSync(box.path(`state/tasks/cut/${task}`)), existsSync(box.path(`state/projects/cut/tasks/${task}.yml`))]).toEqual([false, false]);
      },
    },
  ];

  describe.each(verbs)('$name', ({ prepare, again, command, check }) => {
    it('killed at every journal write', async () => {
      let task = await prepare();
      const cuts = (await killer.cutsOf(command(task))).filter((cut) => lab.kind === 'docker' || isAtEngine(cut));
      expect(cuts.length).toBeGreaterThan(1);
      const seen = new Set<Told>();
      for (const cut of cuts) {
        if (again === undefined) task = await prepare();
        else await again(task);
        const id = (await containerOf(task))?.id;
        await killer.kill(command(task), cut);
        const told = await nextCommand(box);
        seen.add(told);
        await cutAt(cut, async () => {
          await expectNothingLeft(box);
          const untouched = told === 'undone' || (told === 'nothing' && !isAfterEnd(cut));
          await check(task, untouched ? 'untouched' : 'completed', id);
          const second = await box.slipway(command(task));
          // A verb that has been completed finds nothing to do, or says so.
          if (untouched || second.exitCode === 0) expect(second.exitCode).toBe(0);
          else expect(second.stderr).toMatch(/\[E_(TASK_NOT_RUNNING|NO_TASK)\]/);
          await check(task, 'completed', command(task).includes('--recreate') ? undefined : id);
          await expectNothingLeft(box);
        });
      }
      if (existsSync(box.path(`state/projects/cut/tasks/${task}.yml`))) await box.ok(['task', 'delete', '--yes', 'cut', task]);
      expect(seen.has('completed')).toBe(true);
      expect((await journal(box)).map(({ outcome }) => outcome).filter((outcome) => outcome === 'open' || outcome === 'abandoned')).toEqual([]);
    }, 1_200_000);
  });
});
