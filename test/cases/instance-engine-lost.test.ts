import { describe, expect, it, onTestFinished } from 'vitest';
import { engines, uniqueName } from '../lab.ts';
import { OwnLab } from '../own-lab.ts';
import { Sandbox } from '../sandbox.ts';
import { askService } from '../services.ts';
import type { StatusJson } from './instance-box.ts';
import { makeInstance, quick, said, supervisionOf } from './supervised.ts';

const own = new OwnLab('inst');

/** `kill`: the engine's service alone. `crash`: a power cut, of which only data is left. */
describe.each(engines.map(({ name }) => name))('%s', (name) => {
  it.each(['kill', 'crash'] as const)(
    '%s of the engine under an instance that is supervised: it serves once the engine is up again',
    async (how) => {
      const box = new Sandbox(own.engine(name));
      const instance = uniqueName('lost');
      onTestFinished(() => box.dispose(), 60_000);
      const { port } = await makeInstance(box, instance, { version: 'v1' });
      const child = box.start(['supervise', instance], { env: quick });
      const text = said(child);
      const answers = () =>
        expect.poll(() => askService(port, '/').then((answer) => answer.text), { timeout: 60_000, interval: 200, message: text() }).toBe('v1');
      await answers();
      const before = (await box.container(`slipway-${instance}`))?.id;

      await own.command(how, name);
      const lost = await box.slipway(['instance', 'status', '--json']);
      expect(JSON.parse(lost.stdout)).toMatchObject([{ id: instance, state: 'unknown', well: false }]);
      expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect([child.exitCode, (await supervisionOf(box, instance))?.restarts]).toEqual([null, []]);

      await own.command('start', name);
      await answers();
      await expect.poll(async () => (await box.json<StatusJson>(['instance', 'status', instance])).state, { timeout: 30_000 }).toBe('running');
      // The same container, with all that is in it.
      expect((await box.container(`slipway-${instance}`))?.id).toBe(before);
      child.kill('SIGTERM');
      await expect.poll(() => child.exitCode, { timeout: 30_000 }).toBe(0);
      expect(await box.json<StatusJson>(['instance', 'status', instance])).toMatchObject({ state: 'exited', desired: 'running' });
    },
    240_000,
  );
});
