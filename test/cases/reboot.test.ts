import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { OwnLab } from '../own-lab.ts';
import { Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

interface StatusJson {
  readonly state: string;
  readonly container_id: string | null;
  readonly problems: readonly unknown[];
  readonly run: { readonly exit_code: number | null; readonly reason: string | null } | null;
}

const own = new OwnLab('boot');

/** A power cut: no process, mount or network of the engine is left, only its data. */
describe.each(engines.map(({ name }) => name))('%s', (name) => {
  let box: Sandbox;
  const seen: Record<string, string> = {};
  const status = (task: string) => box.json<StatusJson>(['task', 'status', 'boot', task]);
  const lastTask = async () => (await box.json<readonly { readonly id: string }[]>(['task', 'list', 'boot'])).at(-1)?.id ?? '';
  const workspace = (task: string, file: string) => `state/tasks/boot/${task}/workspace/${file}`;
  const tasks = { cli: '', detached: '', followed: '', ended: '' };
  const exec = (command: string) => box.ok(['task', 'exec', 'boot', tasks.cli, '--', 'sh', '-c', command]);
  let follower: Promise<unknown[]>;

  beforeAll(async () => {
    box = new Sandbox(own.engine(name));
    await makeProject(box, 'boot');
  }, 600_000);
  afterAll(() => box.dispose(), 120_000);

  it('a task and its runs, until the power goes', async () => {
    await box.ok(['task', 'start', 'boot']);
    tasks.cli = await lastTask();
    await exec('echo inside > ~/inside; sudo sh -c "echo system > /opt/system"; echo uncommitted > README.md; sync');
    tasks.ended = await box.ok(['run', 'boot', 'exit 4', '--detach']);
    tasks.detached = await box.ok(['run', 'boot', 'echo started >> starts; sync; sleep 600', '--detach']);
    const following = box.start(['run', 'boot', 'echo working; sleep 600']);
    follower = once(following, 'exit');
    await once(following.stdout as NodeJS.ReadableStream, 'data');
    tasks.followed = await lastTask();
    for (const [key, task] of Object.entries(tasks)) {
      seen[key] = (await box.container(`boot-${key === 'cli' ? 'cli' : 'run'}-${task}`))?.id ?? '';
    }
    await expect.poll(() => box.read(workspace(tasks.detached, 'starts')), { timeout: 20_000 }).toBe('started\n');
    await expect.poll(() => status(tasks.ended), { timeout: 20_000 }).toMatchObject({ state: 'exited', run: { exit_code: 4 } });
    await own.command('crash', name);
  });

  it('while it is down, its tasks are "unknown" and nothing is "not found"; the follower has failed', async () => {
    expect((await follower)[0]).toBe(125);
    const list = await box.slipway(['task', 'list', 'boot', '--json']);
    expect(list.exitCode).toBe(1);
    expect((JSON.parse(list.stdout) as readonly StatusJson[]).map(({ state }) => state)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    const end = await box.slipway(['task', 'restart', 'boot', tasks.cli]);
    expect([end.exitCode, /\[E_ENGINE_[A-Z]+\]/.test(end.stderr)]).toEqual([1, true]);
    await own.command('start', name);
  });

  it('when it is up again, its task is stopped, and restarts: the same container, with all that it held', async () => {
    expect(await status(tasks.cli)).toMatchObject({ state: 'exited', container_id: seen['cli'], problems: [] });
    const stop = await box.slipway(['task', 'stop', 'boot', tasks.cli]);
    expect([stop.exitCode, stop.stderr.includes('[E_TASK_NOT_RUNNING]')]).toEqual([1, true]);
    await box.ok(['task', 'restart', 'boot', tasks.cli]);
    expect(await box.container(`boot-cli-${tasks.cli}`)).toMatchObject({ id: seen['cli'], state: 'running' });
    expect(await exec('cat ~/inside /opt/system README.md')).toBe('inside\nsystem\nuncommitted');
    await box.ok(['task', 'stop', 'boot', tasks.cli]);
  });

  it.each(['detached', 'followed'] as const)('a %s run that it killed is no success, in status and in the list', async (which) => {
    const listed = (await box.json<readonly (StatusJson & { readonly id: string })[]>(['task', 'list', 'boot'])).find(({ id }) => id === tasks[which]);
    for (const shown of [await status(tasks[which]), listed]) {
      expect(shown).toMatchObject({ state: 'exited' });
      expect(shown?.run?.reason).not.toBe('exited');
      expect(shown?.run?.exit_code).not.toBe(0);
    }
    expect(await status(tasks[which])).toMatchObject({ container_id: seen[which], run: { reason: expect.stringMatching(/^(?:lost|stopped)$/) as string } });
  });

  it('a run that had ended before keeps its end', async () => {
    expect(await status(tasks.ended)).toMatchObject({ state: 'exited', container_id: seen['ended'], run: { exit_code: 4, reason: 'exited' } });
  });

  it('a headless task restarts too: its agent begins again, in the same container and workspace', async () => {
    await box.ok(['task', 'restart', 'boot', tasks.detached]);
    expect(await status(tasks.detached)).toMatchObject({ state: 'running', container_id: seen['detached'], run: { exit_code: null, reason: null } });
    await expect.poll(() => box.read(workspace(tasks.detached, 'starts')), { timeout: 20_000 }).toBe('started\nstarted\n');
    await box.ok(['task', 'stop', 'boot', tasks.detached]);
    expect(await status(tasks.detached)).toMatchObject({ state: 'exited', run: { reason: 'stopped' } });
  });
});
