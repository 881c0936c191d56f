import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines, type LabEngine, removeLabelled } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { Killer } from './kill.ts';

/** A state directory that was copied elsewhere: two installs must not share containers. */
describe('a copied state directory', () => {
  let box: Sandbox;
  let copied: string;
  const there = () => ({ env: { SLIPWAY_STATE_DIR: copied } });
  const id = () => box.container('moved-cli-1').then((container) => container && `${container.id} ${container.state}`);
  let original: string | undefined;

  beforeAll(async () => {
    box = new Sandbox(engines.find(({ kind }) => kind === 'docker') as LabEngine, { as: 'root' });
    await makeProject(box, 'moved');
    await box.ok(['task', 'start', 'moved']);
    original = await id();
  });
  afterAll(() => box.dispose());
  const copy = (name: string) => {
    copied = box.path(name);
    cpSync(box.path('state'), copied, { recursive: true, verbatimSymlinks: true });
  };

  it("keeps its hands off the original's containers", async () => {
    copy('copy');
    for (const args of [
      ['task', 'stop', 'moved', '1'],
      ['task', 'restart', '--force', 'moved', '1'],
      ['task', 'restart', '--recreate', 'moved', '1'],
      ['task', 'delete', '--yes', 'moved', '1'],
      ['task', 'run-cli', 'moved', '1'],
      ['task', 'start', 'moved'],
      ['run', 'moved', 'true'],
      ['build', 'moved'],
      ['image', 'prune', '--yes'],
    ]) {
      const end = await box.slipway(args, there());
      expect([args, end.exitCode, end.stderr]).toEqual([args, args[0] === 'run' ? 125 : 1, expect.stringContaining('[E_INSTALL_FOREIGN]')]);
      expect(end.stderr).toContain('slipway doctor --adopt');
    }
    expect(await id()).toBe(original);
    expect((await box.slipway(['project', 'list'], there())).exitCode).toBe(0);
  });

  it("--new-install: an identity of its own, for which the original's container is a stranger's", async () => {
    await box.slipway(['doctor', '--new-install'], there());
    for (const verb of ['stop', 'restart', 'run-cli']) {
      const end = await box.slipway(['task', verb, 'moved', '1'], there());
      expect([verb, end.exitCode, end.stderr]).toEqual([verb, 1, expect.stringContaining('[E_NAME_TAKEN]')]);
    }
    expect(await id()).toBe(original);
    // The original still is what it was.
    expect(await box.json(['task', 'status', 'moved', '1'])).toMatchObject({ state: 'running', problems: [] });
    const install = JSON.parse(box.read('copy/install.json')) as { readonly id: string };
    expect(install.id).not.toBe(box.installId);
    await removeLabelled(box.engine, { 'io.slipway.install': install.id });
  });

  it('an operation that was cut off is not settled in the copy, and is in the original', async () => {
    const killer = new Killer(box);
    const cuts = await killer.cutsOf(['task', 'restart', '--recreate', 'moved', '1']);
    const cut = cuts.find(({ kind, when }) => kind === 'done container.start' && when === 'before');
    expect(cut).toBeDefined();
    if (cut === undefined) return;
    const before = await id();
    await killer.kill(['task', 'restart', '--recreate', 'moved', '1'], cut);
    copy('copy-of-cut');
    const names = async () =>
      (await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '' } })).map(({ name, id: is }) => `${name} ${is}`).toSorted();
    const standing = await names();
    const end = await box.slipway(['task', 'list'], there());
    expect(end.stderr).toContain('cannot be settled yet');
    expect(await names()).toEqual(standing);
    expect((await box.slipway(['task', 'list'])).stderr).toContain('was undone');
    expect(await id()).toBe(before);
  });

  it('--adopt takes over where it was moved for good', async () => {
    copy('moved-for-good');
    const end = await box.slipway(['doctor', '--adopt'], there());
    expect(end.stderr).toContain("is this machine's now");
    await box.ok(['task', 'stop', 'moved', '1'], there());
    expect((await box.container('moved-cli-1'))?.state).toBe('exited');
  });
});
