import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { deleteTask, newProject, newTask, stopTask } from '../../src/index.ts';
import { engines, type LabEngine } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { snapshot } from './kill.ts';

const bad = ['..', '.', '', 'a/b', '../../../canary', '/etc', '-x', 'x'.repeat(300), 'Upper', 'a..b', 'é', 'a b', 'a\nb', '~', '*'] as const;
const worst = ['..', '', '../../../canary', 'a..b'] as const;

let box: Sandbox;
/** Two projects, one task with work each; no engine is asked by any of this. */
beforeAll(async () => {
  box = new Sandbox(engines[0] as LabEngine, { as: 'root' });
  for (const project of ['one', 'two']) {
    await box.ok(['project', 'new', project, '--base', 'nothing:1', '--agent', 'claude']);
    await box.ok(['task', 'new', project]);
    box.write(`state/tasks/${project}/1/workspace/work`, 'mine\n');
  }
  box.write('canary/work', 'mine\n');
  await box.ok(['task', 'list']);
});
afterAll(() => box.dispose());

async function refused(args: readonly string[]): Promise<void> {
  const before = snapshot(box);
  const end = await box.slipway(args);
  expect([args, end.exitCode, end.stderr], end.stderr).toEqual([args, expect.toBeOneOf([1, 2, 125]), expect.stringMatching(/^error: /)]);
  expect([args, end.stderr]).toEqual([args, expect.not.stringContaining('E_INTERNAL')]);
  expect([args, snapshot(box)]).toEqual([args, before]);
  for (const place of ['canary/work', 'state/tasks/one/1/workspace/work', 'state/tasks/two/1/workspace/work'])
    expect([args, existsSync(box.path(place))]).toEqual([args, true]);
}

describe('an id that is none is an error, and nothing is touched', () => {
  it.each(bad)('task delete one %j', async (id) => {
    await refused(['task', 'delete', '--yes', 'one', id]);
    await refused(['task', 'delete', '--yes', 'one', '--', id]);
  });

  it.each(bad)('of a project: %j', async (id) => {
    await refused(['task', 'new', '--', id]);
    await refused(['task', 'delete', '--yes', '--', id, '1']);
    await refused(['project', 'delete', '--yes', '--', id]);
    await refused(['project', 'new', '--base', 'nothing:1', '--', id]);
  });

  it.each(worst)('every other command that takes a project: %j', async (id) => {
    for (const command of [['project', 'show'], ['task', 'start'], ['task', 'list'], ['build'], ['generate'], ['shell']]) await refused([...command, '--', id]);
    await refused(['run', '--', id, 'hello']);
    for (const verb of ['run-cli', 'stop', 'restart', 'status', 'logs', 'exec']) await refused(['task', verb, '--', id, '1']);
  });

  it.each(worst)('every other command that takes a task: %j', async (id) => {
    for (const verb of ['run-cli', 'stop', 'restart', 'status', 'logs']) await refused(['task', verb, 'one', '--', id]);
    await refused(['task', 'exec', 'one', id, 'true']);
  });

  it.each(worst)('of an agent: %j', async (id) => {
    await refused(['agent', 'show', '--', id]);
    await refused(['run', 'one', '--agent', id, 'hello']);
    await refused(['project', 'new', 'three', '--base', 'nothing:1', '--agent', id]);
  });

  it.each(['', ' ', 'a\nb', 'x'.repeat(300), '\u001b[2J'])('a name of a task: %j', (name) => refused(['task', 'new', 'one', '--name', name]));
  it('a name of a task may be any line of text', async () => {
    const task = await box.ok(['task', 'new', 'one', '--name', '../é -x "quoted" \\ #']);
    expect(await box.json(['task', 'status', 'one', task])).toMatchObject({ id: task, name: '../é -x "quoted" \\ #' });
    await box.ok(['task', 'delete', '--yes', 'one', task]);
  });

  it.each(['0', '01', '1e3', '0x1', '1.0', '+1', ' 1', '-1', '9999999999'])('a task id that is only nearly a number: %j', (id) =>
    refused(['task', 'delete', '--yes', 'one', '--', id]),
  );

  it('a NUL, which no command line can hold, by the library', async () => {
    const app = createApp({ env: box.env(), out: { progress() {}, note() {}, warn() {}, raw() {} }, signal: new AbortController().signal });
    const before = snapshot(box);
    for (const attempt of [
      () => deleteTask(app, { project: 'one', task: '1\0' }),
      () => stopTask(app, { project: 'one\0', task: '1' }),
      () => newTask(app, 'one\0'),
      () => newProject(app, { id: 'a\0b' }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'E_BAD_ID' });
    }
    await expect(newTask(app, 'one', { name: 'a\0b' })).rejects.toMatchObject({ code: 'E_BAD_NAME' });
    app.close();
    expect(snapshot(box)).toEqual(before);
  });
});
