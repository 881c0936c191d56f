import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, uniqueNames } from '../lab.ts';
import { ServiceRepository } from '../service-repository.ts';
import { askService, serviceFiles } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

interface RowJson {
  readonly id: string;
  readonly outcome: string;
  readonly version?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Several instances, of images and of a service's releases. */
describe.each(engines)('$name', (lab) => {
  let box: InstanceBox;
  let repository: ServiceRepository;
  const [first, second, third, shop] = uniqueNames('first', 'second', 'third', 'shop');
  const versionAt = async (offset: number) => (await askService(box.port + offset, '/')).text;

  beforeAll(async () => {
    box = new InstanceBox(lab, 3);
    for (const version of ['one', 'two']) await box.service({ version });
    await box.service({ version: 'bad', behaviour: 'crashes' });
    const declaration = 'service: shop\nhealth: { http: /health, interval: 200ms, passes: 1, soak: 500ms }\n';
    repository = await ServiceRepository.make(box, 'shop', { ...serviceFiles({ version: 'v1.0.0' }), '.slipway/service.yml': declaration }, 'v1.0.0');
    const quick = box.write('quick.yml', 'health: { http: /health, interval: 200ms, passes: 1, soak: 500ms }\n');
    for (const [index, name] of [first, second, third].entries()) await box.made(name, 'one', '--port', String(box.port + index), '--config', quick);
    await box.ok(['instance', 'create', shop, '--repo', repository.path, '--no-unit', '--port', String(box.port + 3)], { timeoutMs: 180_000 });
  }, 400_000);
  afterAll(() => box.dispose(), 180_000);

  it('goes on past a bad one, and ends with a summary and exit code 1', async () => {
    // The second one's next version is bad: its configuration names another repository of images.
    const file = box.file(second, 'config.yml');
    await box.engine.images.tag(box.tag('bad'), `${box.owner}-other:two`);
    await box.engine.images.tag(box.tag('one'), `${box.owner}-other:one`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(box.tag('one'), `${box.owner}-other:one`));
    const end = await box.slipway(['instance', 'update', '--all', '--version', 'two', '--json'], { timeoutMs: 180_000 });
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain(`2 of 4 instances were not updated: ${second}, ${shop}.`);
    const rows = JSON.parse(end.stdout) as readonly RowJson[];
    expect(rows.map(({ id, outcome, error }) => [id, outcome, error?.code])).toEqual([
      [first, 'updated', undefined],
      [second, 'failed', 'E_UPDATE_FAILED'],
      [shop, 'failed', 'E_NO_TAG'],
      [third, 'updated', undefined],
    ]);
    expect(rows[2]?.error?.message).toMatch(/^Git tag two not found/);
    expect(await Promise.all([0, 1, 2, 3].map(versionAt))).toEqual(['two', 'one', 'two', 'v1.0.0']);
  });

  it('a service’s next release is built and taken, the person’s repository stays as it is, and a rollback needs no rebuild', async () => {
    await repository.version('v1.1.0', serviceFiles({ version: 'v1.1.0' }));
    const before = await repository.state();
    const planned = await box.slipway(['instance', 'update', shop, '--dry-run']);
    expect([planned.exitCode, planned.stdout, planned.stderr]).toEqual([
      0,
      expect.stringContaining(`Create container slipway-${shop}.next`),
      expect.stringContaining('Release v1.1.0 is built first.'),
    ]);
    expect((await box.json<readonly RowJson[]>(['release', 'list'])).map(({ version }) => version)).toEqual(['v1.0.0']);
    expect(await box.ok(['instance', 'update', shop], { timeoutMs: 180_000 })).toBe(`${shop} was updated from v1.0.0 to v1.1.0.`);
    expect(await versionAt(3)).toBe('v1.1.0');
    expect(await box.ok(['instance', 'update', shop])).toBe(`${shop} runs v1.1.0 already.`);
    expect(await box.ok(['instance', 'rollback', shop])).toBe(`${shop} was rolled back from v1.1.0 to v1.0.0.`);
    expect(await versionAt(3)).toBe('v1.0.0');
    expect(await box.ok(['instance', 'rollback', shop, 'v1.1.0'])).toBe(`${shop} was rolled back from v1.0.0 to v1.1.0.`);
    expect(await repository.state()).toBe(before);
  });

  it('a tag that is not there changes nothing', async () => {
    const before = await box.container(`slipway-${shop}`);
    const end = await box.slipway(['instance', 'update', shop, '--version', 'v9.9.9']);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('Git tag v9.9.9 not found')]);
    expect((await box.container(`slipway-${shop}`))?.id).toBe(before?.id);
  });

  it('mistakes in what was typed', async () => {
    for (const args of [[], [first, '--all'], [first, '--version', 'two', '--image', box.tag('one')]]) {
      expect((await box.slipway(['instance', 'update', ...args])).exitCode).toBe(2);
    }
    const none = await box.slipway(['instance', 'update', 'nobody']);
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('[E_NO_INSTANCE]')]);
  });
});
