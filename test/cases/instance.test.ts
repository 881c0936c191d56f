import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, uniqueNames } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox, type StatusJson } from './instance-box.ts';

/** The life of services, each engine's. */
describe.each(engines)('$name', (lab) => {
  // Other files have instances on these engines at the same time.
  const [other, web, ill, checked, stubborn, ended] = uniqueNames('a', 'b', 'ill', 'checked', 'stubborn', 'ended');
  let box: InstanceBox;
  let webPort: number;
  let otherPort: number;

  beforeAll(async () => {
    box = new InstanceBox(lab, 0);
    [webPort, otherPort] = [box.port, box.port + 1];
    await box.service({ version: 'good' });
    await box.service({ version: 'second' });
    await box.service({ version: 'ill', behaviour: 'never-healthy' });
    await box.service({ version: 'exits', behaviour: 'exits' });
    await box.service({ version: 'crashes', behaviour: 'crashes' });
    await box.service({ version: 'stubborn', behaviour: 'stubborn' });
    await box.service({ version: 'checked', healthcheck: true, user: 'nobody' });
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  it('a service is created and answers, its secrets are the person’s alone', async () => {
    const end = await box.create(web, 'good', '--port', String(webPort), '--env', "TOKEN=s3cret 'word'");
    expect([end.exitCode, end.stdout]).toEqual([0, `Instance ${web} running on http://localhost:${webPort} (${box.tag('good')})\n`]);
    expect(await askService(webPort, '/')).toEqual({ status: 200, text: 'good' });
    expect((await askService(webPort, '/env')).text).toContain("TOKEN=s3cret 'word'");
    expect(await box.status(web)).toMatchObject({
      state: 'running',
      desired: 'running',
      well: true,
      drift: [],
      problems: [],
      health: { state: 'healthy', probe: 'http /health' },
    });
    expect(statSync(box.file(web, '.env')).mode & 0o777).toBe(0o600);
    expect(statSync(box.file(web)).mode & 0o777).toBe(0o700);
  });

  it('no value of .env stands in the journal, a label, a plan, or the configuration', async () => {
    const container = await box.container(`slipway-${web}`);
    const journal = await box.ok(['journal', '--json']);
    const texts = [JSON.stringify(container?.labels), journal, box.read(`state/instances/${web}/config.yml`), box.read(`state/instances/${web}/state.json`)];
    for (const folder of ['state/journal', 'state/handed-over']) {
      for (const name of existsSync(box.path(folder)) ? readdirSync(box.path(folder)) : []) {
        if (lstatSync(box.path(folder, name)).isFile()) texts.push(box.read(`${folder}/${name}`));
      }
    }
    expect(texts.filter((text) => text.includes('s3cret'))).toEqual([]);
    expect(journal).toContain('TOKEN=***');
  });

  it('a second one runs beside it, on the next free port, with data of its own', async () => {
    await box.made(other, 'second', '--port', String(otherPort));
    await askService(webPort, '/put/note/of-web');
    await askService(otherPort, '/put/note/of-other');
    expect([(await askService(webPort, '/get/note')).text, (await askService(otherPort, '/get/note')).text]).toEqual(['of-web', 'of-other']);
    expect(readFileSync(box.file(web, 'data/note'), 'utf8')).toBe('of-web');
    const all = await box.json<readonly StatusJson[]>(['instance', 'status']);
    expect(all.map(({ id, state, port, version }) => [id, state, port, version])).toEqual([
      [other, 'running', otherPort, box.tag('second')],
      [web, 'running', webPort, box.tag('good')],
    ]);
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(0);
  });

  it('a start of what runs well changes nothing', async () => {
    const before = await box.container(`slipway-${web}`);
    const end = await box.slipway(['instance', 'start', web]);
    expect([end.exitCode, end.stdout]).toEqual([0, `Instance ${web} is running already, and is well.\n`]);
    expect((await box.container(`slipway-${web}`))?.startedAt).toBe(before?.startedAt);
  });

  it('restart, stop and start keep container, environment, mounts and data', async () => {
    const facts = async () => {
      const found = await box.container(`slipway-${web}`);
      return { id: found?.id, env: found?.env, mounts: found?.mounts, ports: found?.ports, note: (await askService(webPort, '/get/note')).text };
    };
    const before = await facts();
    expect(await box.ok(['instance', 'restart', web])).toBe(`Instance ${web} running on http://localhost:${webPort} (${box.tag('good')})`);
    expect(await facts()).toEqual(before);
    const stop = await box.slipway(['instance', 'stop', web]);
    expect([stop.exitCode, stop.stdout]).toEqual([0, `Instance ${web} is stopped.\n`]);
    expect(await box.status(web)).toMatchObject({ state: 'stopped', desired: 'stopped', well: true, problems: [] });
    expect(await box.ok(['instance', 'stop', web])).toBe(`Instance ${web} was not running.`);
    await box.ok(['instance', 'start', web]);
    expect(await facts()).toEqual(before);
    expect(readFileSync(box.file(web, 'data/starts'), 'utf8')).toBe('good\n'.repeat(3));
  });

  it('status shows metrics, uptime and mounts; the table one line each', async () => {
    const config = box.file(web, 'config.yml');
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n# the service's own figures\nmetrics: /metrics\n`);
    expect(await box.status(web)).toMatchObject({
      metrics: 'starts_total 3\n',
      uptime_seconds: expect.any(Number) as number,
      mounts: [{ source: box.file(web, 'data'), target: '/data', read_only: false }],
      drift: [],
    });
    const text = await box.ok(['instance', 'status', web]);
    for (const part of ['state:     running', 'health:    healthy (http /health)', 'starts_total 3', `http://localhost:${webPort}`])
      expect(text).toContain(part);
    expect((await box.ok(['instance', 'status'])).split('\n').map((line) => line.split(/ {3,}/).slice(0, 2))).toEqual([
      ['NAME', 'STATE'],
      [other, 'running'],
      [web, 'running'],
    ]);
  });

  it('kill -9 of the service: it is said, -q exits 3, and a start brings the same container back', async () => {
    const before = await box.container(`slipway-${web}`);
    await box.engineProgram(['kill', '--signal', 'KILL', `slipway-${web}`]);
    await expect.poll(async () => (await box.status(web)).state, { timeout: 10_000 }).toBe('exited');
    expect(await box.status(web)).toMatchObject({ desired: 'running', well: false, exit_code: 137, problems: [{ kind: 'stopped' }] });
    expect((await box.slipway(['instance', 'status', web, '-q'])).exitCode).toBe(3);
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(3);
    await box.ok(['instance', 'start', web]);
    expect(await box.container(`slipway-${web}`)).toMatchObject({ id: before?.id, state: 'running' });
    expect((await box.slipway(['instance', 'status', web, '-q'])).exitCode).toBe(0);
  });

  it('a container that somebody removed is made anew, with the data', async () => {
    await box.engineProgram(['rm', '-f', `slipway-${web}`]);
    expect(await box.status(web)).toMatchObject({ state: 'not-created', well: false });
    await box.ok(['instance', 'start', web]);
    expect([(await askService(webPort, '/')).text, (await askService(webPort, '/get/note')).text]).toEqual(['good', 'of-web']);
  });

  it('one that never gets healthy: the message, its last lines, and it is stopped', async () => {
    const started = Date.now();
    box.write('ill.yml', `image: ${box.tag('ill')}\nport: ${box.port + 2}\nhealth: { http: /health, wait: 3s, start_period: 0s }\n`);
    const end = await box.slipway(['instance', 'create', ill, '--config', 'ill.yml', '--no-unit']);
    expect([end.exitCode, end.stdout]).toEqual([1, '']);
    expect(end.stderr).toMatch(/error: Health check timeout.*\[E_HEALTH_TIMEOUT\]/);
    expect(end.stderr).toContain('service ill starts');
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(await box.status(ill)).toMatchObject({ state: 'stopped', desired: 'stopped' });
    expect(await box.ok(['instance', 'logs', ill])).toContain('service ill starts');
  });

  it.each([
    ['exits', 0, 'nothing to do for exits'],
    ['crashes', 3, 'cannot start crashes: no luck'],
  ])('one that %s fails at once, with its last lines', async (version, code, line) => {
    const end = await box.create(ended, version, '--port', String(box.port + 3));
    expect([end.exitCode, end.stderr.includes(`ended with exit code ${code}`), end.stderr.includes('[E_INSTANCE_EXITED]'), end.stderr.includes(line)]).toEqual([
      1,
      true,
      true,
      true,
    ]);
    expect((await box.container(`slipway-${ended}`))?.state).not.toBe('running');
    await box.ok(['instance', 'delete', ended, '--force']);
  });

  it('the image’s HEALTHCHECK counts where nobody says otherwise, also as another user', async () => {
    const end = await box.slipway(['instance', 'create', checked, '--image', box.tag('checked'), '--port', String(box.port + 4), '--no-unit']);
    expect([end.exitCode, end.stderr]).toEqual([0, expect.any(String)]);
    expect(await box.status(checked)).toMatchObject({ state: 'running', health: { state: 'healthy', probe: 'image' } });
    expect(await askService(box.port + 4, '/put/mine/1')).toMatchObject({ status: 200 });
  });

  it('stop says where it had to kill', async () => {
    await box.made(stubborn, 'stubborn', '--port', String(box.port + 3));
    const end = await box.slipway(['instance', 'stop', stubborn, '--timeout', '1']);
    expect([end.exitCode, end.stdout]).toEqual([0, `Instance ${stubborn} did not end within 1 s of TERM, and was killed.\n`]);
    await box.ok(['instance', 'delete', stubborn, '--force']);
  });

  it('delete asks; --force does not; files of other owners go, links are not followed', async () => {
    const kept = box.write('precious/file', 'precious');
    symlinkSync(box.path('precious'), box.file(checked, 'data/link'));
    const refused = await box.slipway(['instance', 'delete', checked]);
    expect([refused.exitCode, refused.stderr.includes('--force')]).toEqual([2, true]);
    expect(await box.ok(['instance', 'delete', checked, '--force'])).toBe(`Instance ${checked} is deleted.`);
    expect([existsSync(box.file(checked)), await box.container(`slipway-${checked}`), readFileSync(kept, 'utf8')]).toEqual([false, undefined, 'precious']);
    expect(await box.engine.images.list({ reference: `slipway-instance/${checked}` })).toEqual([]);
    const gone = await box.slipway(['instance', 'status', checked]);
    expect([gone.exitCode, gone.stderr.includes('[E_NO_INSTANCE]')]).toEqual([1, true]);
  });

  it('--keep-data keeps the data, which a new one of that name takes over', async () => {
    await box.ok(['instance', 'delete', web, '--force', '--keep-data']);
    expect(readdirSync(box.file(web))).toEqual(['data']);
    await box.made(web, 'second', '--port', String(webPort));
    expect([(await askService(webPort, '/')).text, (await askService(webPort, '/get/note')).text]).toEqual(['second', 'of-web']);
  });

  it('history has a line for each version', async () => {
    expect(await box.json(['instance', 'history', web])).toEqual([
      {
        version: box.tag('second'),
        image_digest: (await box.container(`slipway-${web}`))?.imageId,
        updated_at: expect.stringMatching(/^2.*Z$/) as string,
        updated_by: expect.any(String) as string,
        outcome: 'created',
        reason: null,
      },
    ]);
  });

  it('a folder that only a container may remove from is emptied all the same', async () => {
    mkdirSync(box.file(other, 'data/mine'), { recursive: true });
    await box.engineProgram([
      'exec',
      '--user',
      '0',
      `slipway-${other}`,
      'sh',
      '-c',
      'mkdir -p /data/deep/er && touch /data/deep/er/file && chmod 700 /data/deep',
    ]);
    await box.ok(['instance', 'delete', other, '--force']);
    expect(existsSync(box.file(other))).toBe(false);
  });
});
