import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/host/process.ts';
import { engines, type Lab } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox, type StatusJson } from './instance-box.ts';

const labProgram = fileURLToPath(new URL('../../scripts/lab.mjs', import.meta.url));
// Engines of this file's own: nobody else's containers die with them.
const directory = `/var/tmp/slipway-inst-${process.pid}`;

async function labCommand(...args: readonly string[]): Promise<string> {
  const end = await run([process.execPath, labProgram, ...args, '--dir', directory], { timeoutMs: 600_000 });
  if (end.exitCode !== 0) throw new Error(`lab.mjs ${args.join(' ')} ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
  return end.stdout;
}

let own: Lab;
beforeAll(async () => {
  own = JSON.parse(await labCommand('up', '--json')) as Lab;
}, 600_000);
afterAll(async () => {
  await labCommand('down');
}, 120_000);

/** kill -9 of the engine. Docker's containers do not outlive its next start, Podman's never notice. */
describe.each(engines.map(({ name }) => name))('%s', (name) => {
  let box: InstanceBox;

  beforeAll(async () => {
    const engine = own.engines.find((one) => one.name === name);
    if (engine === undefined) throw new Error(`the lab has no ${name}`);
    box = new InstanceBox(engine, 3);
    await box.service({ version: 'good' });
    await box.made('web', 'good', '--port', String(box.port));
    await askService(box.port, '/put/note/kept');
  }, 300_000);
  afterAll(() => box.dispose(), 120_000);

  it('while it is away the state is unknown, and nothing is told to be gone', async () => {
    await labCommand('kill', name);
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
    await labCommand('start', name);
    const { state } = await box.status('web');
    expect(state).toBe(name === 'docker' ? 'exited' : 'running');
    await box.ok(['instance', 'start', 'web']);
    expect((await askService(box.port, '/get/note')).text).toBe('kept');
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(0);
  });
});
