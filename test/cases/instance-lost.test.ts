import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { OwnLab } from '../own-lab.ts';
import { askService } from '../services.ts';
import { InstanceBox, type StatusJson } from './instance-box.ts';

const own = new OwnLab('inst');

/** kill -9 of the engine. Docker's containers do not outlive its next start, Podman's never notice. */
describe.each(engines.map(({ name }) => name))('%s', (name) => {
  let box: InstanceBox;

  beforeAll(async () => {
    box = new InstanceBox(own.engine(name), 3);
    await box.service({ version: 'good' });
    await box.made('web', 'good', '--port', String(box.port));
    await askService(box.port, '/put/note/kept');
  }, 300_000);
  afterAll(() => box.dispose(), 120_000);

  it('while it is away the state is unknown, and nothing is told to be gone', async () => {
    await own.command('kill', name);
    expect(await box.status('web')).toMatchObject({ state: 'unknown', well: false, problems: [{ kind: 'engine' }] });
    const list = await box.slipway(['instance', 'status', '--json']);
    expect([list.exitCode, (JSON.parse(list.stdout) as readonly StatusJson[]).map(({ state }) => state)]).toEqual([1, ['unknown']]);
    expect((await box.slipway(['instance', 'status', 'web', '-q'])).exitCode).toBe(3);
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(3);
    for (const verb of [['start'], ['restart'], ['stop'], ['delete', '--force']]) {
      const end = await box.slipway(['instance', ...verb, 'web']);
      expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(/\[E_ENGINE_[A-Z]+\]/)]);
    }
    expect(box.read('state/instances/web/data/note')).toBe('kept');
  });

  it('when it is back, the same container serves or is started again', async () => {
    await own.command('start', name);
    const { state } = await box.status('web');
    expect(state).toBe(name === 'docker' ? 'exited' : 'running');
    await box.ok(['instance', 'start', 'web']);
    expect((await askService(box.port, '/get/note')).text).toBe('kept');
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(0);
  });
});
