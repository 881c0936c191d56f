import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstanceBox } from '../cases/instance-box.ts';
import { engines, uniqueName } from '../lab.ts';
import { askService } from '../services.ts';
import { type Cut, cutAt, expectNothingLeft, isAtEngine, journal, Killer, nextCommand, type Told } from './kill.ts';

const minutes = 60_000;

/** kill -9 at every journal write of what makes, starts, stops, changes and removes instances. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  const web = uniqueName('life');
  let box: InstanceBox;
  let killer: Killer;
  let port: number;
  beforeAll(async () => {
    box = new InstanceBox(lab, 3);
    port = box.port;
    await box.service({ version: 'good' });
    killer = new Killer(box);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  const create = (...more: readonly string[]) => [
    ...['instance', 'create', web, '--image', box.tag('good'), '--health', '/health', '--port', String(port), '--no-unit', '--env', 'TOKEN=s3cret'],
    ...more,
  ];
  const isMade = () => existsSync(box.file(web, 'config.yml'));
  const handedOver = () => (existsSync(box.path('state/handed-over')) ? readdirSync(box.path('state/handed-over')) : []);

  /** Cuts a command everywhere (on Podman around the engine's part alone); `look` sees what the next command said. */
  async function everywhere(prepare: () => Promise<void>, command: readonly string[], look: (told: Told, cut: Cut) => Promise<void>): Promise<void> {
    await prepare();
    const cuts = (await killer.cutsOf(command)).filter((cut) => lab.kind === 'docker' || isAtEngine(cut) || cut.kind.includes(' instance.create-container'));
    for (const cut of cuts) {
      await prepare();
      await cutAt(cut, async () => {
        if (!(await killer.killIfReached(command, cut))) return;
        const told = await nextCommand(box);
        await expectNothingLeft(box);
        await look(told, cut);
      });
    }
    expect((await journal(box)).filter(({ outcome }) => outcome === 'open' || outcome === 'abandoned')).toEqual([]);
  }
  const withNone = async () => {
    if (isMade()) await box.ok(['instance', 'delete', web, '--force']);
  };
  const running = async () => {
    if (!isMade()) await box.ok(create());
    else await box.ok(['instance', 'start', web, '--as-is']);
    await askService(port, '/put/note/kept');
  };
  const serves = async () => expect([(await askService(port, '/')).text, (await askService(port, '/get/note')).text]).toEqual(['good', 'kept']);

  it(
    'create: a whole instance or nothing of it, and no secret is left lying about',
    () =>
      everywhere(withNone, create('--no-start'), async (told) => {
        // What no operation knew of yet goes with the next command of its kind.
        if (handedOver().length > 0) expect([told, handedOver().length]).toEqual(['nothing', 1]);
        const container = await box.container(`slipway-${web}`);
        if (!isMade()) {
          expect([container, existsSync(box.file(web))]).toEqual([undefined, false]);
          expect(await box.engine.images.list({ reference: `slipway-instance/${web}` })).toEqual([]);
          return;
        }
        expect(container?.state).toBe('created');
        await box.ok(['instance', 'start', web]);
        expect((await askService(port, '/env')).text).toContain('TOKEN=s3cret');
      }),
    10 * minutes,
  );

  it(
    'restart: it serves afterwards, with its data',
    () =>
      everywhere(running, ['instance', 'restart', web], async (told) => {
        expect(told).not.toBe('undone');
        await serves();
      }),
    10 * minutes,
  );

  it(
    'stop: it is stopped, or serves, and says so',
    () =>
      everywhere(running, ['instance', 'stop', web], async (told) => {
        const { state, desired, well } = await box.status(web);
        expect([state, desired, well]).toEqual(told === 'nothing' && state === 'running' ? ['running', 'running', true] : ['stopped', 'stopped', true]);
      }),
    10 * minutes,
  );

  it(
    'env set: the old value or the new one',
    () =>
      everywhere(running, ['instance', 'env', 'set', web, 'TOKEN=other'], async () => {
        expect(readFileSync(box.file(web, '.env'), 'utf8')).toMatch(/^TOKEN=(?:s3cret|other)\n$/);
        await box.ok(['instance', 'env', 'set', web, 'TOKEN=s3cret']);
        expect(handedOver()).toEqual([]);
      }),
    10 * minutes,
  );

  it(
    'delete: nothing is left, or all of it',
    () =>
      everywhere(running, ['instance', 'delete', web, '--force'], async () => {
        if (isMade()) return serves();
        expect([await box.container(`slipway-${web}`), existsSync(box.file(web))]).toEqual([undefined, false]);
        expect(await box.engine.images.list({ reference: `slipway-instance/${web}` })).toEqual([]);
      }),
    10 * minutes,
  );
});
