import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, uniqueNames } from '../lab.ts';
import { askService, serviceFiles } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

/** What `instance create` takes, and what it refuses before anything is made. */
describe.each(engines)('$name', (lab) => {
  // Other files have instances on these engines at the same time.
  const [shop, shopTwo, takenOne, foreign, plan, one] = uniqueNames('shop', 'two', 'taken', 'foreign', 'plan', 'one');
  let box: InstanceBox;
  let repository: string;
  let blocked: Server;
  let taken: number;

  beforeAll(async () => {
    box = new InstanceBox(lab, 1);
    await box.service({ version: 'good' });
    const service = 'service: shop\nport: 8080\nhealth: { http: /health }\nrequired_secrets: [TOKEN]\nenv: { MOOD: calm, LEVEL: info }\nmetrics: /metrics\n';
    repository = await box.repository('repos/shop', { ...serviceFiles({ version: 'v1' }), '.slipway/service.yml': service });
    await git('tag', 'v1.0.0');
    taken = box.port;
    blocked = createServer();
    await new Promise<void>((resolve) => blocked.listen(taken, '127.0.0.1', resolve));
  }, 300_000);
  afterAll(async () => {
    blocked.close();
    await box.dispose();
  }, 180_000);

  const git = (...args: readonly string[]) => box.as(['git', '-C', box.path('repos/shop'), '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
  const fromRepository = (name: string, ...more: readonly string[]) => box.slipway(['instance', 'create', name, '--no-unit', ...more], { cwd: repository });

  /** That nothing of an instance is there: no folder, no container, no release, no record of an operation. */
  async function expectNothing(name: string): Promise<void> {
    expect(existsSync(box.file(name))).toBe(false);
    expect(await box.container(`slipway-${name}`)).toBeUndefined();
    expect(await box.engine.images.list({ reference: `slipway-instance/${name}` })).toEqual([]);
    const open = box.path('state/journal/open');
    expect(existsSync(open) ? readdirSync(open) : []).toEqual([]);
  }

  it('a bad tag: its message, nothing left, and HEAD is where it was', async () => {
    writeFileSync(`${repository}/work`, 'in progress');
    const head = await git('rev-parse', 'HEAD');
    const end = await fromRepository(shop, '--version', 'v9', '--env', 'TOKEN=x');
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(/^error: Git tag v9 not found .*\[E_NO_TAG\]$/m)]);
    expect([await git('rev-parse', 'HEAD'), await git('symbolic-ref', 'HEAD'), readFileSync(`${repository}/work`, 'utf8')]).toEqual([
      head,
      'refs/heads/main',
      'in progress',
    ]);
    await expectNothing(shop);
    expect(existsSync(box.path('state/releases'))).toBe(false);
  });

  it('a missing secret names its flag, before anything is built', async () => {
    const end = await fromRepository(shop);
    expect([end.exitCode, end.stderr.includes('[E_NO_SECRET]'), end.stderr.includes('Add --env TOKEN=VALUE.')]).toEqual([2, true, true]);
    await expectNothing(shop);
    expect(existsSync(box.path('state/releases'))).toBe(false);
  });

  it('a foreign process on the port: its message with a free one, and nothing is made', async () => {
    const end = await box.create(takenOne, 'good', '--port', String(taken));
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining(`error: Port ${taken} is already in use. [E_PORT_TAKEN]`)]);
    const free = Number(/Port (\d+) is free: add --port \1/.exec(end.stderr)?.[1]);
    expect(free).toBeGreaterThan(taken);
    await expectNothing(takenOne);
  });

  it.each<[string, readonly string[], string]>([
    ['a name that is none', ['Bad Name', '--image', 'x:1'], 'E_BAD_ID'],
    ['an image that is no reference', [one, '--image', 'No Such'], 'E_BAD_SETTING'],
    ['two sources', [one, '--image', 'x:1', '--repo', '.'], 'E_USAGE'],
    ['a version of an image', [one, '--image', 'x:1', '--version', 'v1'], 'E_USAGE'],
    ['a template that is none', [one, '--template', 'nothing'], 'E_USAGE'],
    ['too little memory', [one, '--image', 'x:1', '--memory', '1m'], 'E_BAD_SETTING'],
    ['memory that is no size', [one, '--image', 'x:1', '--memory', 'lots'], 'E_BAD_SETTING'],
    ['more processors than there are', [one, '--image', 'x:1', '--cpus', '4000'], 'E_BAD_SETTING'],
    ['an address of another machine', [one, '--image', 'x:1', '--address', '192.0.2.1'], 'E_BAD_SETTING'],
    ['a variable that is none', [one, '--image', 'x:1', '--env', '1A=b'], 'E_USAGE'],
    ['a folder without a repository', [one], 'E_NO_REPOSITORY'],
    ['a file that is not there', [one, '--config', 'nowhere.yml'], 'E_NO_FILE'],
  ])('%s is refused, and nothing is made', async (_what, args, code) => {
    const end = await box.slipway(['instance', 'create', '--no-unit', ...args]);
    expect([end.exitCode === 1 || end.exitCode === 2, end.stderr]).toEqual([true, expect.stringContaining(`[${code}]`)]);
    if (args[0] === one) await expectNothing(one);
  });

  it('a mount whose source is missing is refused', async () => {
    box.write('mount.yml', `image: ${box.tag('good')}\nmounts: [{ source: ${box.path('nowhere')}, target: /srv }]\n`);
    const end = await box.slipway(['instance', 'create', one, '--config', 'mount.yml', '--no-unit']);
    expect([end.exitCode, end.stderr.includes('[E_NO_FILE]')]).toEqual([1, true]);
    expect(existsSync(box.path('nowhere'))).toBe(false);
    await expectNothing(one);
  });

  it('an engine on another machine is refused: the data is a folder of this one', async () => {
    // 0.0.0.0 is this machine, and no address that says so.
    const road = createServer((client) => {
      const engine = connect(lab.endpoint.replace('unix://', ''));
      client.pipe(engine).pipe(client);
      for (const socket of [client, engine]) socket.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => road.listen(box.port + 2, resolve));
    const args = ['--engine', `tcp://0.0.0.0:${box.port + 2}`, 'instance', 'create', one, '--image', box.tag('good'), '--no-unit'];
    const end = await box.slipway(args);
    road.close();
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('[E_ENGINE_REMOTE]')]);
    await expectNothing(one);
  });

  it("another's container of that name is left alone", async () => {
    await box.engineProgram(['create', '--name', `slipway-${foreign}`, box.tag('good')]);
    try {
      const before = await box.container(`slipway-${foreign}`);
      const end = await box.create(foreign, 'good', '--port', String(box.port + 1));
      expect([end.exitCode, end.stderr.includes('[E_NAME_TAKEN]')]).toEqual([1, true]);
      expect(await box.container(`slipway-${foreign}`)).toEqual(before);
      expect(existsSync(box.file(foreign))).toBe(false);
    } finally {
      await box.engineProgram(['rm', '-f', `slipway-${foreign}`]);
    }
  });

  it('--dry-run prints the plan and makes nothing', async () => {
    const text = await box.ok(['instance', 'create', plan, '--image', box.tag('good'), '--port', String(box.port + 1), '--env', 'A=hidden', '--dry-run']);
    expect(text.split('\n')).toContain(`- Create container slipway-${plan}`);
    expect(text).not.toContain('hidden');
    await expectNothing(plan);
  });

  it('from a repository: the newest tag is built, the secret kept, the defaults those of service.yml', async () => {
    await git('tag', 'v1.2.0-rc.1');
    const end = await fromRepository(shop, '--env', 'TOKEN=t0ken', '--port', String(box.port + 1));
    expect([end.exitCode, end.stdout, end.stderr]).toEqual([0, `Instance ${shop} running on http://localhost:${box.port + 1} (v1.0.0)\n`, expect.any(String)]);
    const { text } = await askService(box.port + 1, '/env');
    for (const variable of ['TOKEN=t0ken', 'MOOD=calm', 'LEVEL=info', `SLIPWAY_INSTANCE=${shop}`, 'SLIPWAY_VERSION=v1.0.0', 'SLIPWAY_SETTINGS={}', 'PORT=8080'])
      expect(text.split('\n')).toContain(variable);
    expect(await box.status(shop)).toMatchObject({ version: 'v1.0.0', drift: [], metrics: expect.stringContaining('starts_total') as string });
    expect(readFileSync(box.file(shop, 'config.yml'), 'utf8')).toMatch(/^service: shop\nversion: v1\.0\.0$/m);
    const again = await fromRepository(shop, '--env', 'TOKEN=t');
    expect([again.exitCode, again.stderr.includes('[E_INSTANCE_EXISTS]')]).toEqual([1, true]);
  });

  it('a second one of the same release reuses it, and takes the next free port', async () => {
    const end = await fromRepository(shopTwo, '--env', 'TOKEN=x');
    expect([end.exitCode, end.stderr.includes('is there already, and is used')]).toEqual([0, true]);
    const { port } = await box.status(shopTwo);
    expect(port).toBeGreaterThanOrEqual(8081);
    expect((await askService(port, '/')).text).toBe('v1');
  });

  it("a release's image that somebody removed is loaded again for a container that is gone", async () => {
    const { digest } = await box.status(shop);
    for (const name of [shop, shopTwo]) await box.engineProgram(['rm', '-f', `slipway-${name}`]);
    await box.engine.images.remove(digest ?? '', { force: true });
    expect(await box.engine.images.inspect(digest ?? '')).toBeUndefined();
    await box.ok(['instance', 'start', shop]);
    expect(await box.status(shop)).toMatchObject({ state: 'running', digest, drift: [] });
    expect((await askService(box.port + 1, '/')).text).toBe('v1');
  });

  it('of three that are made at once each has a port of its own', async () => {
    const names = uniqueNames('x', 'y', 'z');
    const ends = await Promise.all(names.map((name) => box.create(name, 'good', '--no-start')));
    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(ends.map(({ stderr }) => [0, stderr]));
    const ports = await Promise.all(names.map(async (name) => (await box.status(name)).port));
    expect(new Set(ports).size).toBe(3);
  });
});
