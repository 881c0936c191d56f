import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines, type LabEngine } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { expectNothingLeft, filesUnder, journal, Killer } from './kill.ts';

interface StatusJson {
  readonly id: string;
  readonly state: string;
}

const codes = (ends: readonly { readonly exitCode: number | undefined }[]) => ends.map(({ exitCode }) => exitCode);

describe('ids', () => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(engines[0] as LabEngine, { as: 'root' });
    await box.ok(['project', 'new', 'ids', '--base', 'nothing:1', '--agent', 'claude']);
  });
  afterAll(() => box.dispose());

  it('50 at once get 50 ids, and none is given again after the highest were deleted', async () => {
    const ask = () => box.slipway(['task', 'new', 'ids'], { timeoutMs: 170_000 });
    const ends = await Promise.all(Array.from({ length: 50 }, ask));
    expect(ends.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr)).toEqual([]);
    const ids = ends.map(({ stdout }) => Number(stdout));
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    await Promise.all(['48', '49', '50'].map((id) => box.ok(['task', 'delete', '--yes', 'ids', id])));
    const more = await Promise.all(Array.from({ length: 5 }, ask));
    expect(more.map(({ stdout }) => Number(stdout)).toSorted((a, b) => a - b)).toEqual([51, 52, 53, 54, 55]);
    expect(await box.json<readonly unknown[]>(['task', 'list', 'ids'])).toHaveLength(52);
    await expectNothingLeft(box);
    expect(filesUnder(box.path('state/locks')).filter((file) => file.includes('.lock'))).toEqual([]);
  }, 300_000);
});

describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'race');
  });
  afterAll(() => box.dispose());
  const newTask = () => box.ok(['task', 'new', 'race']);
  const own = async (task: string) =>
    (await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '', 'io.slipway.task': task } })).map(({ name }) => name);

  it('run-cli of one task, four at once: one container, and each says that it runs', async () => {
    const task = await newTask();
    const ends = await Promise.all(Array.from({ length: 4 }, () => box.slipway(['task', 'run-cli', 'race', task])));
    expect(codes(ends)).toEqual([0, 0, 0, 0]);
    expect(ends.filter(({ stdout }) => stdout.includes('already running'))).toHaveLength(3);
    expect(await own(task)).toEqual([`race-cli-${task}`]);
  });

  it('stop while run is at work, before and after its agent has started', async () => {
    for (const wait of [0, 400, 1500]) {
      const running = box.slipway(['run', 'race', 'sleep 600', '--name', `wait ${wait}`]);
      await expect
        .poll(
          () => box.json<readonly StatusJson[]>(['task', 'list', 'race']).then((tasks) => tasks.some((task) => 'name' in task && task.name === `wait ${wait}`)),
          { timeout: 30_000 },
        )
        .toBe(true);
      const task = (await box.json<readonly StatusJson[]>(['task', 'list', 'race'])).at(-1)?.id ?? '';
      await new Promise((resolve) => setTimeout(resolve, wait));
      // Never run yet: told so; else stopped.
      await expect.poll(() => box.slipway(['task', 'stop', 'race', task]).then(({ exitCode }) => exitCode), { timeout: 60_000 }).toBe(0);
      expect((await running).exitCode).not.toBe(0);
      expect(await box.json(['task', 'status', 'race', task])).toMatchObject({ state: 'exited', run: { reason: 'stopped' } });
      await box.ok(['task', 'delete', '--yes', 'race', task]);
    }
    await expectNothingLeft(box);
  });

  it('build of one project, three at once: one builds, the others wait and find nothing to do', async () => {
    const before = await builds();
    box.write('config/projects/race/project.yml', `${box.read('config/projects/race/project.yml')}snippet: |\n  RUN sleep 3\n`);
    const ends = await Promise.all(Array.from({ length: 3 }, () => box.slipway(['build', 'race'], { timeoutMs: 170_000 })));
    expect(codes(ends)).toEqual([0, 0, 0]);
    expect((await builds()) - before).toBe(1);
  });
  const builds = async () => (await journal(box)).filter(({ verb }) => verb === 'image.build').length;

  it('delete and restart at once, in any order: the task is gone, with everything of it', async () => {
    for (const flag of ['--force', '--recreate']) {
      const task = await newTask();
      await box.ok(['task', 'run-cli', 'race', task]);
      const [restart, remove] = await Promise.all([
        box.slipway(['task', 'restart', flag, 'race', task]),
        box.slipway(['task', 'delete', '--yes', 'race', task]),
      ]);
      expect(remove.exitCode).toBe(0);
      if (restart.exitCode !== 0) expect(restart.stderr).toContain('[E_NO_TASK]');
      expect(await own(task)).toEqual([]);
      expect([existsSync(box.path(`state/tasks/race/${task}`)), existsSync(box.path(`state/projects/race/tasks/${task}.yml`))]).toEqual([false, false]);
    }
    await expectNothingLeft(box);
  });

  it('delete that waits for a restart --recreate that is killed: settles it first, and nothing is left', async () => {
    const killer = new Killer(box);
    const first = await newTask();
    await box.ok(['task', 'run-cli', 'race', first]);
    const cuts = await killer.cutsOf(['task', 'restart', '--recreate', 'race', first]);
    for (const kind of ['done container.rename', 'done container.start', 'intent container.remove']) {
      const cut = cuts.find((one) => one.kind === kind && one.when === 'before');
      expect(cut, kind).toBeDefined();
      if (cut === undefined) continue;
      const task = await newTask();
      await box.ok(['task', 'run-cli', 'race', task]);
      // The delete is waiting for the lock when its holder dies: no other command comes between.
      const killed = killer.kill(['task', 'restart', '--recreate', 'race', task], cut);
      await expect.poll(() => existsSync(box.path(`state/locks/task/race/${task}.lock`)), { timeout: 30_000, interval: 2 }).toBe(true);
      const remove = await box.slipway(['task', 'delete', '--yes', 'race', task]);
      await killed;
      expect([remove.exitCode, remove.stderr]).toEqual([0, remove.stderr]);
      expect(await own(task)).toEqual([]);
      expect((await box.slipway(['task', 'list'])).exitCode).toBe(0);
      expect(await own(task)).toEqual([]);
      await expectNothingLeft(box);
    }
  });

  it('many commands that recover the same operation at once: one does, and all succeed', async () => {
    const killer = new Killer(box);
    const first = await newTask();
    await box.ok(['task', 'run-cli', 'race', first]);
    const cuts = await killer.cutsOf(['task', 'restart', '--recreate', 'race', first]);
    for (const kind of ['done container.create', 'intent container.remove']) {
      const task = await newTask();
      await box.ok(['task', 'run-cli', 'race', task]);
      const cut = cuts.find((one) => one.kind === kind);
      expect(cut, kind).toBeDefined();
      if (cut === undefined) continue;
      await killer.kill(['task', 'restart', '--recreate', 'race', task], cut);
      const ends = await Promise.all(Array.from({ length: 4 }, () => box.slipway(['task', 'list', 'race'])));
      expect(codes(ends)).toEqual([0, 0, 0, 0]);
      expect(ends.filter(({ stderr }) => stderr.includes('recovered: '))).toHaveLength(1);
      expect(await own(task)).toEqual([`race-cli-${task}`]);
      expect((await box.container(`race-cli-${task}`))?.state).toBe('running');
      await expectNothingLeft(box);
    }
  });
});
