import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstanceBox } from '../cases/instance-box.ts';
import { engines } from '../lab.ts';
import { askService } from '../services.ts';
import { type Cut, cutAt, expectNothingLeft, isAtEngine, journal, Killer, nextCommand } from './kill.ts';

const name = 'cut';
const serving = `slipway-${name}`;

/** Where the outcome may depend on the engine: around what is asked of it. */
const isOfEngine = (cut: Cut) =>
  isAtEngine(cut) || (/instance\.(create-container|snapshot|healthy|restore-data)$/.test(cut.kind) && cut.kind.startsWith('done'));

/** kill -9 at every journal write of an update and a rollback (on Podman: where the engine is asked): one version serves afterwards, and the data is there. */
describe.each(engines)('$name', (lab) => {
  let box: InstanceBox;
  let killer: Killer;
  beforeAll(async () => {
    box = new InstanceBox(lab, 2);
    for (const version of ['one', 'two']) await box.service({ version });
    await box.service({ version: 'ill', behaviour: 'loses-data-unhealthy' });
    const config = box.write('cut.yml', 'health: { http: /health, interval: 100ms, passes: 1, wait: 8s, soak: 0s }\n');
    await box.made(name, 'one', '--port', String(box.port), '--config', config);
    killer = new Killer(box);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  const tag = (version: string) => box.tag(version);
  const recorded = () => readFileSync(box.file(name, '.version-history'), 'utf8').split('\n').filter(Boolean).length;

  /** The one version that serves, with the data; nothing of the other is left, and files, engine and the service say the same. */
  async function servingVersion(note: string): Promise<string> {
    const install = box.installId ?? '';
    const containers = await box.engine.containers.list({ labels: { 'io.slipway.install': install } });
    expect(containers.map((one) => [one.name, one.state])).toEqual([[serving, 'running']]);
    await expect.poll(async () => (await askService(box.port, '/health').catch(() => undefined))?.status, { timeout: 20_000 }).toBe(200);
    const version = (await askService(box.port, '/')).text;
    expect((await askService(box.port, '/get/note')).text).toBe(note);
    const config = readFileSync(box.file(name, 'config.yml'), 'utf8');
    expect(/^image: (\S+)$/m.exec(config)?.[1]).toBe(tag(version));
    const state = JSON.parse(readFileSync(box.file(name, 'state.json'), 'utf8')) as { readonly digest: string };
    expect(state).not.toHaveProperty('update');
    expect((await box.container(serving))?.imageId).toBe(state.digest);
    expect(readdirSync(box.file(name, 'snapshots')).filter((file) => !file.endsWith('.tar'))).toEqual([]);
    return version;
  }

  async function putBack(note: string): Promise<void> {
    await box.ok(['instance', 'update', name, '--version', 'one']);
    await askService(box.port, `/put/note/${note}`);
  }

  it.each([
    ['update', ['instance', 'update', name, '--version', 'two']],
    ['rollback', ['instance', 'rollback', name, 'TWO']],
  ])(
    '%s, killed at every journal write',
    async (_, words) => {
      const command = words.map((word) => (word === 'TWO' ? tag('two') : word));
      // So that there is something to go back to, whichever of these runs alone.
      await box.ok(['instance', 'update', name, '--version', 'two']);
      await putBack('first');
      const all = await killer.cutsOf(command);
      const cuts = lab.kind === 'docker' && words.includes('update') ? all : all.filter(isOfEngine);
      expect(cuts.length).toBeGreaterThan(5);
      const outcomes = new Set<string>();
      for (const [index, cut] of cuts.entries()) {
        const note = `note-${index}`;
        await putBack(note);
        const lines = recorded();
        await killer.kill(command, cut);
        const told = await nextCommand(box);
        await cutAt(cut, async () => {
          await expectNothingLeft(box);
          const version = await servingVersion(note);
          const ended = told === 'nothing' ? (recorded() === lines ? 'one' : 'two') : told === 'completed' ? 'two' : 'one';
          expect(version).toBe(ended);
          outcomes.add(version);
          // The same command goes on from there, and finds it done where it was.
          await box.ok(command);
          expect(await servingVersion(note)).toBe('two');
          await expectNothingLeft(box);
        });
      }
      expect([...outcomes].sort()).toEqual(['one', 'two']);
      expect((await journal(box)).map(({ outcome }) => outcome).filter((outcome) => outcome === 'open' || outcome === 'abandoned')).toEqual([]);
    },
    1_800_000,
  );

  it('the undoing of a bad update, killed while it goes on: the data is what it was', async () => {
    await putBack('precious');
    // Its undoing writes nothing to the journal: it is cut where a step begins, told by what is there.
    for (const sign of ['data.failed-', 'restored']) {
      const child = box.start(['instance', 'update', name, '--version', 'ill']);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const before = new Set(readdirSync(box.file(name)));
      const isThere = () => {
        const aside = readdirSync(box.file(name)).filter((file) => file.startsWith('data.failed-') && !before.has(file));
        return aside.length > 0 && (sign !== 'restored' || existsSync(box.file(name, 'data/note')));
      };
      while (!isThere() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      await ended;
      expect(await nextCommand(box)).toBe('undone');
      await expectNothingLeft(box);
      expect(await servingVersion('precious')).toBe('one');
    }
  }, 180_000);
});
