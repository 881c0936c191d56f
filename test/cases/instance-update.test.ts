import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerDetails } from '../../src/engine/model.ts';
import { run } from '../../src/host/process.ts';
import { engines } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

interface HistoryJson {
  readonly version: string;
  readonly outcome: string;
  readonly reason?: string | null;
}

/** What a service has of its configuration, in the engine's own words. */
function configurationOf(container: ContainerDetails | undefined) {
  const { env = [], mounts = [], ports, resources, hostname, user, workingDir } = container ?? {};
  const kept = env.filter((variable) => !variable.startsWith('SLIPWAY_VERSION=')).sort();
  return { env: kept, mounts: [...mounts].sort((a, b) => a.target.localeCompare(b.target)), ports, resources, hostname, user, workingDir };
}

/** A new version takes an old one's place, or does not, on each engine. */
describe.each(engines)('$name', (lab) => {
  let box: InstanceBox;
  let port: number;
  const name = 'web';
  const serving = 'slipway-web';

  beforeAll(async () => {
    box = new InstanceBox(lab, 1);
    port = box.port;
    for (const version of ['one', 'two', 'three']) await box.service({ version });
    await box.service({ version: 'ill', behaviour: 'never-healthy' });
    await box.service({ version: 'exits', behaviour: 'exits' });
    await box.service({ version: 'crashes', behaviour: 'crashes' });
    await box.service({ version: 'later', behaviour: 'crashes-later', seconds: 3 });
    await box.service({ version: 'turns', behaviour: 'turns-unhealthy', seconds: 3 });
    await box.service({ version: 'loses', behaviour: 'loses-data-unhealthy' });
    await box.service({ version: 'wipes', behaviour: 'loses-data' });
    mkdirSync(box.path('home/shared'), { recursive: true });
    const config = box.write(
      'web.yml',
      `env: { GREETING: hello }
mounts: [{ source: ${box.path('home/shared')}, target: /shared, read_only: true }]
limits: { memory: 96m, pids: 64 }
health: { http: /health, interval: 300ms, wait: 8s, soak: 1s }
`,
    );
    await box.made(name, 'one', '--port', String(port), '--config', config, '--env', 'TOKEN=s3cret');
    await askService(port, '/put/note/precious');
    const file = box.file(name, 'config.yml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}# kept\n`);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  beforeEach(async () => {
    expect((await box.container(serving))?.state).toBe('running');
  });

  const update = (version: string, ...more: readonly string[]) => box.slipway(['instance', 'update', name, '--version', version, ...more]);
  const history = () => box.json<readonly HistoryJson[]>(['instance', 'history', name]);
  const note = async () => (await askService(port, '/get/note')).text;
  const version = async () => (await askService(port, '/')).text;
  const setSoak = (soak: string) => {
    const file = box.file(name, 'config.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/soak: \w+/, `soak: ${soak}`));
  };

  /** Everything that must not change: the container that serves, its files and data. */
  async function facts() {
    const container = await box.container(serving);
    return {
      id: container?.id,
      version: await version(),
      note: await note(),
      config: readFileSync(box.file(name, 'config.yml'), 'utf8'),
      secrets: readFileSync(box.file(name, '.env'), 'utf8'),
    };
  }

  async function expectNothingLeft() {
    const install = box.installId ?? '';
    const names = (await box.engine.containers.list({ labels: { 'io.slipway.install': install } })).map((one) => one.name);
    expect(names).toEqual([serving]);
    expect(JSON.parse(readFileSync(box.file(name, 'state.json'), 'utf8'))).not.toHaveProperty('update');
    expect(readdirSync(box.path('state/journal/open'))).toEqual([]);
    expect(readdirSync(box.file(name, 'snapshots')).filter((file) => !file.endsWith('.tar'))).toEqual([]);
  }

  it('a good version takes its place: mounts, environment, port, limits and data are the same', async () => {
    const before = await box.container(serving);
    const end = await update('two');
    expect([end.exitCode, end.stdout]).toEqual([0, `web was updated from ${box.tag('one')} to ${box.tag('two')}.\n`]);
    const after = await box.container(serving);
    expect(after?.id).not.toBe(before?.id);
    expect(configurationOf(after)).toEqual(configurationOf(before));
    // Rootless engines ignore limits on a machine with cgroups of version 1.
    expect(after?.resources.memoryBytes).toBe(lab.rootless ? undefined : 96 * 2 ** 20);
    expect([await version(), await note()]).toEqual(['two', 'precious']);
    expect((await askService(port, '/env')).text).toContain('TOKEN=s3cret');
    expect(readFileSync(box.file(name, 'config.yml'), 'utf8')).toMatch(/^# kept$/m);
    expect((await history()).map((one) => [one.version, one.outcome])).toEqual([
      [box.tag('one'), 'created'],
      [box.tag('two'), 'updated'],
    ]);
    expect(await box.status(name)).toMatchObject({ state: 'running', version: box.tag('two'), drift: [], well: true });
    await expectNothingLeft();
  });

  it('an update to what runs already changes nothing, under whatever name', async () => {
    await box.engine.images.tag(box.tag('two'), box.tag('alias'));
    const [before, lines] = [await facts(), await history()];
    for (const same of ['two', 'alias']) {
      const end = await update(same);
      expect([end.exitCode, end.stdout]).toEqual([0, `web runs ${box.tag(same)} already.\n`]);
    }
    expect(await facts()).toEqual(before);
    expect(await history()).toEqual(lines);
    expect(readdirSync(box.file(name, 'snapshots')).length).toBe(1);
  });

  it('--dry-run prints the plan and changes nothing', async () => {
    const before = await facts();
    const end = await update('three', '--dry-run');
    expect(end.exitCode).toBe(0);
    expect(end.stdout.split('\n')).toEqual(expect.arrayContaining(['- Keep a snapshot of the data of web', `- Start container ${serving}`]));
    expect(await facts()).toEqual(before);
  });

  it.each([
    ['ill', /Health check timeout: web was not well within 8 s \(\/health answered 503\)/, 'service ill starts'],
    ['exits', /web ended with exit code 0 before it was well/, 'nothing to do for exits'],
    ['crashes', /web ended with exit code 3 before it was well/, 'cannot start crashes: no luck'],
    ['loses', /Health check timeout/, 'service loses starts'],
  ])('one that is never well (%s): the same container serves again, with the data as it was', async (bad, why, last) => {
    const before = await facts();
    const starts = readFileSync(box.file(name, 'data/starts'), 'utf8');
    const end = await update(bad);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining(`Update failed, rolled back to ${box.tag('two')}: `)]);
    expect(end.stderr).toMatch(why);
    expect(end.stderr).toMatch(/\[E_UPDATE_FAILED\]/);
    expect(end.stderr).toContain(last);
    expect(await facts()).toEqual(before);
    expect(readFileSync(box.file(name, 'data/starts'), 'utf8')).toBe(`${starts}two\n`);
    const failed = (await history()).at(-1);
    expect(failed).toMatchObject({ version: box.tag(bad), outcome: 'update-failed', reason: expect.stringMatching(why) });
    // What the failed version made of the data is kept, and the message says where.
    const aside = /what \S+ made of it is in (\S+)\./.exec(end.stderr)?.[1] ?? '';
    expect(aside.startsWith(box.file(name, 'data.failed-'))).toBe(true);
    expect(existsSync(aside)).toBe(true);
    if (bad === 'loses') expect(existsSync(`${aside}/note`)).toBe(false);
    await expectNothingLeft();
  });

  it.each([
    ['later', /web ended with exit code 7 within the soak period/],
    ['turns', /web was well, but not throughout the soak period \(\/health answered 503\)/],
  ])('one that does not stay well (%s): the same container serves again, with what was written meanwhile', async (bad, why) => {
    setSoak('20s');
    const before = await facts();
    const end = await update(bad);
    setSoak('1s');
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(why)]);
    expect(end.stderr).toContain(`Update failed, rolled back to ${box.tag('two')}: `);
    expect({ ...(await facts()), config: '' }).toEqual({ ...before, config: '' });
    // It had been well: the data is its own by now, and the snapshot is named.
    expect(readFileSync(box.file(name, 'data/starts'), 'utf8')).toMatch(new RegExp(`\n${bad}\ntwo\n$`));
    const snapshot = /as it was before, it is in (\S+\.tar)\./.exec(end.stderr)?.[1] ?? '';
    expect(existsSync(snapshot)).toBe(true);
    await expectNothingLeft();
  });

  it('a version that is not there changes nothing', async () => {
    const [before, lines] = [await facts(), await history()];
    const end = await update('nowhere');
    expect(end.exitCode).toBe(1);
    expect(await facts()).toEqual(before);
    expect(await history()).toEqual(lines);
    await expectNothingLeft();
  });

  it('Ctrl-C during the soak has the old one serve again', async () => {
    setSoak('60s');
    const before = await facts();
    const child = box.start(['instance', 'update', name, '--version', 'three']);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await expect.poll(version, { timeout: 30_000 }).toBe('three');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    child.kill('SIGINT');
    expect(await ended).not.toBe(0);
    expect(await facts()).toEqual(before);
    expect((await history()).at(-1)).toMatchObject({ outcome: 'update-failed', reason: 'It was cancelled.' });
    setSoak('1s');
    await expectNothingLeft();
  });

  it('two updates at once: one after the other, and the second finds the first one’s version', async () => {
    const ends = await Promise.all([update('three'), update('three')]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(ends.map(({ stdout }) => stdout).sort()).toEqual(
      [`web runs ${box.tag('three')} already.\n`, `web was updated from ${box.tag('two')} to ${box.tag('three')}.\n`].sort(),
    );
    expect([await version(), await note()]).toEqual(['three', 'precious']);
    await expectNothingLeft();
  });

  it('a rollback goes to the version before, to an older one, and not to what runs', async () => {
    const back = (...to: readonly string[]) => box.slipway(['instance', 'rollback', name, ...to]);
    const before = await box.container(serving);
    const first = await back();
    expect([first.exitCode, first.stdout]).toEqual([0, `web was rolled back from ${box.tag('three')} to ${box.tag('two')}.\n`]);
    expect([await version(), await note()]).toEqual(['two', 'precious']);
    expect(configurationOf(await box.container(serving))).toEqual(configurationOf(before));
    // The name means another image by now: the one that ran is meant.
    await box.engine.images.tag(box.tag('ill'), box.tag('one'));
    const older = await back(box.tag('one'));
    expect([older.exitCode, older.stderr]).toEqual([0, older.stderr]);
    expect([await version(), await note()]).toEqual(['one', 'precious']);
    const [lines, still] = [await history(), await facts()];
    const none = await back(box.tag('one'));
    expect([none.exitCode, none.stdout]).toEqual([0, `web runs ${box.tag('one')} already.\n`]);
    const unknown = await back('never');
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('[E_NO_ROLLBACK]')]);
    expect(await facts()).toEqual(still);
    expect(await history()).toEqual(lines);
    expect(lines.slice(-2).map(({ outcome }) => outcome)).toEqual(['rolled-back', 'rolled-back']);
    await expectNothingLeft();
  });

  it('what was edited is applied by start, and taken back where it does not get well', async () => {
    const file = box.file(name, 'config.yml');
    const before = await box.container(serving);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('hello', 'goodbye'));
    const refused = await box.slipway(['instance', 'start', name]);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('[E_DRIFT]')]);
    expect((await box.container(serving))?.id).toBe(before?.id);
    await box.ok(['instance', 'start', name, '--yes']);
    expect((await askService(port, '/env')).text).toContain('GREETING=goodbye');
    const applied = await facts();
    writeFileSync(file, `${applied.config}command: [sh, -c, "echo cannot; exit 4"]\n`);
    const failed = await box.slipway(['instance', 'start', name, '--yes']);
    expect([failed.exitCode, failed.stderr]).toEqual([
      1,
      expect.stringContaining('Update failed, went back to the container as it was: web ended with exit code 4'),
    ]);
    expect({ ...(await facts()), config: '' }).toEqual({ ...applied, config: '' });
    writeFileSync(file, applied.config);
    await expectNothingLeft();
  });

  it('one that is stopped gets the version, and stays stopped', async () => {
    await box.ok(['instance', 'stop', name]);
    expect(await box.ok(['instance', 'update', name, '--version', 'two'])).toBe(`web was updated from ${box.tag('one')} to ${box.tag('two')}; it is stopped.`);
    expect((await box.container(serving))?.state).toBe('created');
    await expectNothingLeft();
    await box.ok(['instance', 'start', name]);
    expect([await version(), await note()]).toEqual(['two', 'precious']);
  });

  it('a version that is well and loses the data all the same leaves it in the snapshot', async () => {
    const snapshots = () => readdirSync(box.file(name, 'snapshots')).sort();
    const before = snapshots();
    await box.ok(['instance', 'update', name, '--version', 'wipes']);
    expect(await note()).toBe('nothing');
    const [snapshot = ''] = snapshots().filter((file) => !before.includes(file));
    const kept = await run(['tar', '-xOf', box.file(name, 'snapshots', snapshot), '--wildcards', '*note']);
    expect([kept.exitCode, kept.stdout]).toEqual([0, 'precious']);
    expect(snapshots().length).toBeLessThanOrEqual(2);
  });
});
