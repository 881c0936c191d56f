import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, lab as theLab, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { ServiceRepository } from '../service-repository.ts';
import { askService } from '../services.ts';
import type { StatusJson } from './instance-box.ts';
import { freePort, quick, said, supervisionOf } from './supervised.ts';

const server = `import { createServer } from 'node:http';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const version = readFileSync(new URL('version', import.meta.url), 'utf8').trim();
const { PORT, DATA_DIR } = process.env;
appendFileSync(DATA_DIR + '/starts', process.pid + '\\n');
console.log('service ' + version + ' starts');
if (version.startsWith('crash')) { console.error('no luck'); process.exit(3); }
if (version.startsWith('stubborn')) process.on('SIGTERM', () => {});
else process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); });
const child = spawn('sleep', ['1000']);
createServer((request, response) => {
  const [, word, rest] = request.url.split('/');
  if (word === 'crash') process.exit(7);
  if (word === 'spam') for (let line = 1; line <= Number(rest); line += 1) console.log(line + ' ' + 'x'.repeat(90));
  if (word === 'mark') console.log('that is all');
  response.end({ env: JSON.stringify(process.env), pid: process.pid + ' ' + child.pid, cwd: process.cwd(), health: version.startsWith('ill') ? '' : 'well' }[word] ?? version);
}).listen(Number(PORT), '127.0.0.1');
`;

const files = (version: string) => ({
  '.slipway/service.yml': [
    'kind: process',
    'files: [server.mjs, version]',
    'command: [node, ./server.mjs]',
    'health: { http: /, start_period: 10s, soak: 1s }',
    'stop_timeout: 5',
    'required_secrets: [TOKEN]',
    'env: { COLOUR: red }',
    '',
  ].join('\n'),
  Dockerfile: `FROM ${theLab.images.tiny}\nCMD ["sleep", "1000"]\n`,
  'server.mjs': server,
  version,
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Instances whose program runs on this machine, with nobody but their supervisor to look after them. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  let repository: ServiceRepository;
  const children: ChildProcess[] = [];
  const poll = (ask: () => unknown) => expect.poll(ask, { timeout: 30_000, interval: 100 });
  const status = (name: string) => box.json<StatusJson>(['instance', 'status', name]);
  const ports = new Map<string, number>();
  const made = async (version: string) => {
    const name = uniqueName('prog');
    const port = await freePort();
    const what = ['--repo', repository.path, '--version', version, '--port', `${port}`, '--no-unit', '-e', 'TOKEN=s3cret'];
    const end = await box.slipway(['instance', 'create', name, ...what], { env: quick });
    if (end.exitCode !== 0) throw new Error(`create ended with ${end.exitCode}:\n${end.stdout}${end.stderr}`);
    ports.set(name, port);
    return name;
  };
  const ask = async (name: string, path = '/') => (await askService(ports.get(name) ?? 0, path)).text;
  /** The server and what it has started. */
  const pids = async (name: string) => (await ask(name, '/pid')).split(' ').map(Number);
  const supervisorOf = (name: string) => (JSON.parse(box.read(`state/locks/supervise/${name}.lock`)) as { readonly pid: number }).pid;
  const starts = (name: string) => box.read(`state/instances/${name}/data/starts`).trim().split('\n').map(Number);
  const slipway = (...args: readonly string[]) => box.slipway(args, { env: quick });
  const ok = async (...args: readonly string[]) => {
    const end = await slipway(...args);
    if (end.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${end.exitCode}:\n${end.stdout}${end.stderr}`);
    return `${end.stdout}${end.stderr}`;
  };

  beforeAll(async () => {
    box = new Sandbox(lab);
    repository = await ServiceRepository.make(box, 'prog', files('good-1'), 'v1.0.0');
    await repository.version('v2.0.0', files('good-2'));
    await repository.version('v3.0.0', files('crash-3'));
    await repository.version('v4.0.0', files('stubborn-4'));
  });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const name of ports.keys()) await box.slipway(['instance', 'delete', name, '--force']);
    await box.dispose();
  });

  it('runs with its configuration, its secrets and its release, and is stopped with all that it started', async () => {
    const name = await made('v1.0.0');
    expect(await ask(name)).toBe('good-1');
    const env = JSON.parse(await ask(name, '/env')) as Readonly<Record<string, string>>;
    expect(env).toMatchObject({
      TOKEN: 's3cret',
      COLOUR: 'red',
      SLIPWAY_INSTANCE: name,
      SLIPWAY_VERSION: 'v1.0.0',
      SLIPWAY_IMAGE: expect.stringMatching(/^sha256:/) as string,
      SLIPWAY_ENGINE: lab.endpoint,
      DATA_DIR: box.path('state/instances', name, 'data'),
      RELEASE_DIR: box.path('state/releases/prog/v1.0.0/files'),
    });
    expect(await box.engine.images.inspect(env['SLIPWAY_IMAGE'] ?? '')).toBeDefined();
    expect(await ask(name, '/cwd')).toBe(box.path('state/instances', name));
    const running = await pids(name);
    expect(await status(name)).toMatchObject({ state: 'running', well: true });

    await ok('instance', 'stop', name);
    expect(running.map(isAlive)).toEqual([false, false]);
    await poll(() => existsSync(box.path(`state/locks/supervise/${name}.lock`))).toBe(false);
    expect(await status(name)).toMatchObject({ state: 'stopped', well: true });
    expect(await ok('instance', 'logs', name)).toMatch(/service good-1 starts\ngoodbye\n$/);

    await ok('instance', 'start', name);
    const [second = 0] = await pids(name);
    await ok('instance', 'restart', name);
    expect(isAlive(second)).toBe(false);
    expect(await ask(name)).toBe('good-1');
    expect(starts(name)).toHaveLength(3);
    await ok('instance', 'delete', name, '--force');
    expect(existsSync(box.path('state/instances', name))).toBe(false);
  });

  it('is started again when it crashes or is killed, and its log goes on', async () => {
    const name = await made('v1.0.0');
    const follower = box.start(['instance', 'logs', name, '--follow']);
    children.push(follower);
    const followed = once(follower, 'exit');
    const text = said(follower);
    await poll(text).toContain('starts');
    await ask(name, '/crash').catch(() => {});
    await poll(() => ask(name)).toBe('good-1');
    const [pid = 0, child = 0] = await pids(name);
    process.kill(pid, 'SIGKILL');
    await poll(() => isAlive(child)).toBe(false);
    await poll(() => ask(name)).toBe('good-1');
    expect(await supervisionOf(box, name)).toMatchObject({ state: 'watching', lastExit: { signal: 'SIGKILL' } });
    await poll(() => text().match(/starts/g)?.length).toBe(3);
    await ok('instance', 'stop', name);
    expect((await followed)[0]).toBe(0);
  });

  it('what it writes takes no more than five files of 10 MiB', async () => {
    const name = await made('v1.0.0');
    for (let round = 0; round < 6; round += 1) await ask(name, '/spam/100000');
    const folder = box.path('state/instances', name, 'logs');
    const logs = () => readdirSync(folder).filter((file) => file.startsWith('output.log'));
    await ask(name, '/mark');
    await poll(() => box.read(`state/instances/${name}/logs/output.log`).includes('that is all')).toBe(true);
    expect(logs().sort()).toEqual(['output.log', 'output.log.1', 'output.log.2', 'output.log.3', 'output.log.4']);
    for (const file of logs()) expect(statSync(`${folder}/${file}`).size).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(await ok('instance', 'logs', name, '--tail', '3')).toMatch(/^99999 x+\n100000 x+\nthat is all\n$/);
    await ok('instance', 'stop', name);
  });

  it('kill -9 of its supervisor: the next one ends what that has left behind, and one program runs', async () => {
    const name = await made('v1.0.0');
    const left = await pids(name);
    process.kill(supervisorOf(name), 'SIGKILL');
    const child = box.start(['supervise', name], { env: quick });
    children.push(child);
    await poll(() => left.map(isAlive)).toEqual([false, false]);
    await poll(() => ask(name)).toBe('good-1');
    const running = await pids(name);
    expect([starts(name).filter(isAlive), running[0]]).toEqual([[running[0]], running[0]]);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(running.map(isAlive)).toEqual([false, false]);
    // It is still meant to run, and nobody looks after it.
    expect(await status(name)).toMatchObject({ state: 'exited', desired: 'running' });

    await ok('instance', 'start', name);
    const again = await pids(name);
    process.kill(supervisorOf(name), 'SIGKILL');
    await ok('instance', 'stop', name);
    expect(again.map(isAlive)).toEqual([false, false]);
  });

  it('a loop of crashes ends in `failed`, and a start tries again', async () => {
    const name = await made('v1.0.0');
    const config = `state/instances/${name}/config.yml`;
    const good = box.read(config);
    await ok('release', 'build', 'prog', 'v3.0.0', '--repo', repository.path);
    box.write(config, good.replace('v1.0.0', 'v3.0.0'));
    await ask(name, '/crash').catch(() => {});
    await poll(async () => (await status(name)).state).toBe('failed');
    await poll(() => existsSync(box.path(`state/locks/supervise/${name}.lock`))).toBe(false);
    expect(await supervisionOf(box, name)).toMatchObject({ restarts: { length: 4 }, reason: expect.stringContaining('exit code 3') as string });
    expect(await ok('instance', 'logs', name, '--tail', '1')).toBe('no luck\n');

    const end = await slipway('instance', 'start', name, '--as-is');
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('no luck')]);
    expect((await status(name)).state).not.toBe('running');
    box.write(config, good);
    await ok('instance', 'start', name);
    expect(await ask(name)).toBe('good-1');
    expect((await status(name)).state).toBe('running');
  });

  it('one that does not end is killed after its stop timeout, and stop says so', async () => {
    const name = await made('v4.0.0');
    const running = await pids(name);
    expect(await ok('instance', 'stop', name)).toMatch(/kill/);
    expect(running.map(isAlive)).toEqual([false, false]);
  });

  it('update and rollback: the same port and data, one program at a time', async () => {
    const name = await made('v1.0.0');
    box.write(`state/instances/${name}/data/kept`, 'yes');
    await ok('instance', 'update', name, '--version', 'v2.0.0');
    expect(await ask(name)).toBe('good-2');
    expect(starts(name).filter(isAlive)).toHaveLength(1);
    const bad = await slipway('instance', 'update', name, '--version', 'v3.0.0');
    expect([bad.exitCode, bad.stderr]).toEqual([1, expect.stringContaining('Update failed, rolled back to v2.0.0')]);
    await poll(() => ask(name)).toBe('good-2');
    await ok('instance', 'rollback', name);
    expect(await ask(name)).toBe('good-1');
    expect(box.read(`state/instances/${name}/data/kept`)).toBe('yes');
    expect(starts(name).filter(isAlive)).toHaveLength(1);
    await ok('instance', 'stop', name);
  });
});
