import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

interface StatusJson {
  readonly state: string;
  readonly container_id: string | null;
  readonly mode: string | null;
  readonly problems: readonly { readonly kind: string; readonly message: string; readonly fix: string | null }[];
}

/** Design's state table, each cell through the program, on each engine; container ids are the engine's own word. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'table');
  });
  afterAll(() => box.dispose());

  const status = (task: string) => box.json<StatusJson>(['task', 'status', 'table', task]);
  const newTask = async () => (await box.ok(['task', 'new', 'table'])).trim();

  /** A task of each mode that has run; `run` holds on until it is stopped. */
  const modes = {
    cli: async () => {
      const task = await newTask();
      await box.ok(['task', 'run-cli', 'table', task]);
      return task;
    },
    run: async () => (await box.ok(['run', 'table', 'sleep 600', '--detach'])).trim(),
  };

  it('a new task is "created", and has no container', async () => {
    const task = await newTask();
    expect(await status(task)).toMatchObject({ state: 'created', container_id: null, mode: null, problems: [] });
    expect(await box.container(`table-cli-${task}`)).toBeUndefined();
  });

  it('stop and restart of a task that never ran are an error of their own', async () => {
    const task = await newTask();
    for (const verb of ['stop', 'restart']) {
      const end = await box.slipway(['task', verb, 'table', task]);
      expect(end.exitCode).toBe(1);
      expect(end.stderr).toContain('has never been run');
      expect(end.stderr).toContain('[E_TASK_NEVER_RUN]');
    }
    expect((await status(task)).state).toBe('created');
  });

  describe.each(['cli', 'run'] as const)('mode %s', (mode) => {
    const name = (task: string) => `table-${mode}-${task}`;

    it('running: run again and restart leave it as it is, status tells it, stop stops it', async () => {
      const task = await modes[mode]();
      const before = await box.container(name(task));
      expect(before?.state).toBe('running');

      const again = await box.slipway(['task', 'restart', 'table', task]);
      expect(again.exitCode).toBe(0);
      expect(again.stdout).toContain('already running');
      if (mode === 'cli') {
        const run = await box.slipway(['task', 'run-cli', 'table', task]);
        expect(run.exitCode).toBe(0);
        expect(run.stdout).toContain('already running');
      }
      expect(await box.container(name(task))).toMatchObject({ id: before?.id, startedAt: before?.startedAt });
      expect(await status(task)).toMatchObject({ state: 'running', container_id: before?.id, mode });

      await box.ok(['task', 'stop', 'table', task]);
      expect(await box.container(name(task))).toMatchObject({ id: before?.id, state: 'exited' });
    });

    it('running: restart --force stops and starts the same container', async () => {
      const task = await modes[mode]();
      const before = await box.container(name(task));
      await box.ok(['task', 'restart', '--force', 'table', task]);
      const after = await box.container(name(task));
      expect(after).toMatchObject({ id: before?.id, state: 'running' });
      expect(after?.startedAt).not.toBe(before?.startedAt);
    });

    it('stopped: stop is an error that names the state, status tells it, restart starts the same container', async () => {
      const task = await modes[mode]();
      const before = await box.container(name(task));
      await box.ok(['task', 'stop', 'table', task]);
      const stop = await box.slipway(['task', 'stop', 'table', task]);
      expect(stop.exitCode).toBe(1);
      expect(stop.stderr).toContain('is not running (exited)');
      expect(await status(task)).toMatchObject({ state: 'exited', container_id: before?.id });
      await box.ok(['task', 'restart', 'table', task]);
      expect(await box.container(name(task))).toMatchObject({ id: before?.id, state: 'running' });
    });

    it('no container: stop is an error, status says "not found" with exit code 0, restart makes one in the saved mode', async () => {
      const task = await modes[mode]();
      const before = await box.container(name(task));
      await box.engineProgram(['rm', '-f', name(task)]);
      const stop = await box.slipway(['task', 'stop', 'table', task]);
      expect(stop.exitCode).toBe(1);
      expect(stop.stderr).toContain('is not running (no container)');
      const gone = await status(task);
      expect(gone).toMatchObject({ state: 'not-found', container_id: null, mode });
      await box.ok(['task', 'restart', 'table', task]);
      const after = await box.container(name(task));
      expect(after?.state).toBe('running');
      expect(after?.id).not.toBe(before?.id);
    });

    it.each(['running', 'stopped', 'no container'] as const)('delete removes container, workspace and metadata: %s', async (standing) => {
      const task = await modes[mode]();
      if (standing === 'stopped') await box.ok(['task', 'stop', 'table', task]);
      if (standing === 'no container') await box.engineProgram(['rm', '-f', name(task)]);
      await box.ok(['task', 'delete', '--yes', 'table', task]);
      expect(await box.container(name(task))).toBeUndefined();
      expect(await box.as(['sh', '-c', `ls -d state/tasks/table/${task} state/projects/table/tasks/${task}.yml 2>/dev/null || true`])).toBe('');
      const end = await box.slipway(['task', 'status', 'table', task]);
      expect(end.exitCode).toBe(1);
      expect(end.stderr).toContain('[E_NO_TASK]');
    });

    it('paused: every verb but delete is an error that names the state and the way out', async () => {
      const task = await modes[mode]();
      const paused = await box.engine.containers.pause(name(task)).then(
        () => true,
        (error: Error) => error.message,
      );
      if (paused !== true) {
        // Rootless on cgroup v1 an engine cannot pause: then the state cannot come about.
        expect(lab.rootless).toBe(true);
        expect(paused).toContain('cgroup V1');
        return;
      }
      for (const verb of ['stop', 'restart']) {
        const end = await box.slipway(['task', verb, 'table', task]);
        expect(end.exitCode).toBe(1);
        expect(end.stderr).toContain('is paused');
        expect(end.stderr).toContain(`unpause ${name(task)}`);
      }
      expect((await status(task)).state).toBe('paused');
      await box.ok(['task', 'delete', '--yes', 'table', task]);
      expect(await box.container(name(task))).toBeUndefined();
    });
  });

  it('run-cli starts a stopped task, and makes one whose container is gone', async () => {
    const task = await modes.cli();
    const before = await box.container(`table-cli-${task}`);
    await box.ok(['task', 'stop', 'table', task]);
    await box.ok(['task', 'run-cli', 'table', task]);
    expect(await box.container(`table-cli-${task}`)).toMatchObject({ id: before?.id, state: 'running' });
    await box.engineProgram(['rm', '-f', `table-cli-${task}`]);
    await box.ok(['task', 'run-cli', 'table', task]);
    expect((await box.container(`table-cli-${task}`))?.state).toBe('running');
  });

  it('a second mode is refused', async () => {
    const task = await modes.run();
    const end = await box.slipway(['task', 'run-cli', 'table', task]);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain('[E_TASK_MODE]');
    expect(await box.container(`table-cli-${task}`)).toBeUndefined();
  });

  it('unknown tasks and projects are errors of their own, and change nothing', async () => {
    for (const verb of [['stop'], ['restart'], ['status'], ['run-cli'], ['delete', '--yes']]) {
      const task = await box.slipway(['task', ...verb, 'table', '9999']);
      expect([task.exitCode, task.stderr.includes('[E_NO_TASK]')]).toEqual([1, true]);
      const project = await box.slipway(['task', ...verb, 'nowhere', '1']);
      expect([project.exitCode, project.stderr.includes('[E_NO_PROJECT]')]).toEqual([1, true]);
    }
  });

  it("what people do with the engine's own program shows in the next status", async () => {
    const task = await modes.cli();
    await box.engineProgram(['stop', '-t', '1', `table-cli-${task}`]);
    expect((await status(task)).state).toBe('exited');
    await box.engineProgram(['start', `table-cli-${task}`]);
    expect((await status(task)).state).toBe('running');
    await box.engineProgram(['rm', '-f', `table-cli-${task}`]);
    expect(await status(task)).toMatchObject({ state: 'not-found', problems: [{ kind: 'mismatch', fix: `slipway task restart table ${task}` }] });
  });
});
