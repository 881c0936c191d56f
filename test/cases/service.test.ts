// Longer than other files: the names of the container and of its volumes are fixed, so that two files cannot use one engine at a time.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, lab, type LabEngine } from '../lab.ts';
import { OciRegistry } from '../oci-registry.ts';
import { type InstalledPackage, installPackage } from '../package.ts';
import { Sandbox } from '../sandbox.ts';

interface Answer<T> {
  readonly value: T;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string; readonly hint?: string; readonly own: boolean };
  readonly progress: readonly unknown[];
}

/** Calls one function of the installed package, as a program of the person's would. */
const caller = `import * as service from 'slipway/service';
const [name, ...values] = JSON.parse(process.argv[2]);
const progress = [];
const args = values.map((value) => (value?.onProgress ? { ...value, onProgress: (part) => progress.push(part) } : value ?? undefined));
try {
  const what = service[name];
  console.log(JSON.stringify({ value: typeof what === 'function' ? await what(...args) : what, progress }));
} catch (error) {
  const { code, message, hint } = error;
  console.log(JSON.stringify({ error: { name: error.name, code, message, hint, own: error instanceof service.SlipwayError }, progress }));
}
`;

const typed = `import { buildImage, CONTAINER_NAME, containerState, createContainer, DEFAULT_PORT, pullImage, SlipwayError, type ContainerState, VOLUME_NAMES } from 'slipway/service';
const id: Promise<string> = createContainer({ name: CONTAINER_NAME, image: 'x:1', port: DEFAULT_PORT, env: { A: 'b' } });
const state: Promise<ContainerState | 'not-found'> = containerState();
const names: 'slipway-opencode-session' = VOLUME_NAMES.session;
void pullImage({ onProgress: ({ currentBytes }) => void (currentBytes ?? 0).toFixed() });
// @ts-expect-error: a port is a number
void createContainer({ port: '3000' });
void [id, state, names, buildImage, SlipwayError];
`;

const container = 'slipway-opencode';
const volumes = ['slipway-opencode-session', 'slipway-opencode-projects', 'slipway-opencode-config'];
let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  writeFileSync(join(installed.directory, 'call.mjs'), caller, { mode: 0o644 });
}, 300_000);
afterAll(() => installed?.remove());

/** Everything of `slipway/service`, from the packed package, and `slipway up` and `down`, with OpenCode's own server. */
describe.each(engines)('$name', (engine) => {
  let box: Sandbox;
  let port: number;

  beforeAll(async () => {
    box = new Sandbox(engine);
    box.write('config/config.yml', [`base: ${lab.images.debian}`, 'trust_host_ca: true', 'build:', '  network: host', ''].join('\n'));
    port = await freePort();
  });
  afterAll(() => box.dispose(), 180_000);

  async function ask<T = unknown>(name: string, ...args: readonly unknown[]): Promise<Answer<T>> {
    return JSON.parse(await box.as([process.execPath, join(installed.directory, 'call.mjs'), JSON.stringify([name, ...args])])) as Answer<T>;
  }
  async function value<T = unknown>(name: string, ...args: readonly unknown[]): Promise<T> {
    const answer = await ask<T>(name, ...args);
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error.message} [${answer.error.code}]`);
    return answer.value;
  }
  const session = async (title: string) => {
    const answer = await request(`http://127.0.0.1:${port}/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ title }),
    });
    return ((await answer.json()) as { readonly id: string }).id;
  };
  const sessions = async (at = port) =>
    ((await (await request(`http://127.0.0.1:${at}/session`)).json()) as readonly { readonly id: string }[]).map(({ id }) => id);

  it('has the constants of the design', async () => {
    const constants = Object.fromEntries(
      await Promise.all(
        [
          'CONTAINER_NAME',
          'DEFAULT_PORT',
          'CONTAINER_PORT',
          'DEFAULT_ADDRESS',
          'WORKING_DIR',
          'VOLUME_NAMES',
          'MOUNT_POINTS',
          'IMAGE_NAME',
          'REGISTRY_IMAGE_NAME',
        ].map(async (name) => [name, await value(name)] as const),
      ),
    );
    const { version } = JSON.parse(readFileSync(join(installed.directory, 'node_modules/slipway/package.json'), 'utf8')) as { readonly version: string };
    expect(constants).toEqual({
      CONTAINER_NAME: container,
      DEFAULT_PORT: 3000,
      CONTAINER_PORT: 3000,
      DEFAULT_ADDRESS: '127.0.0.1',
      WORKING_DIR: '/workspace',
      VOLUME_NAMES: { session: volumes[0], projects: volumes[1], config: volumes[2] },
      MOUNT_POINTS: { session: '/home/opencode/.opencode', projects: '/workspace', config: '/home/opencode/.config' },
      IMAGE_NAME: `slipway-opencode:${version}`,
      REGISTRY_IMAGE_NAME: expect.stringMatching(new RegExp(`^ghcr\\.io/[^/]+/slipway-opencode:${version.replaceAll('.', '\\.')}$`)),
    });
  });

  it('says which image to pull, before anything is made', async () => {
    expect(await value('imageExists')).toBe(false);
    const { error } = await ask('createContainer', { port });
    const published = await value<string>('REGISTRY_IMAGE_NAME');
    expect(error).toMatchObject({
      name: 'SlipwayError',
      own: true,
      code: 'E_NO_IMAGE',
      message: `Image not found. Run 'slipway image pull ${published}' first.`,
    });
    const up = await box.slipway(['up', '--image', 'nobody/nothing:1']);
    expect([up.exitCode, up.stderr]).toEqual([1, expect.stringContaining("Image not found. Run 'slipway image pull nobody/nothing:1' first. [E_NO_IMAGE]")]);
    expect(await value('containerState')).toBe('not-found');
    expect(await Promise.all(volumes.map((name) => value('volumeExists', name)))).toEqual([false, false, false]);
  });

  it('makes its volumes once, leaves a stranger’s alone, and removes its own', async () => {
    await box.engineProgram(['volume', 'create', volumes[2] ?? '']);
    expect((await ask('ensureVolumesExist')).error).toMatchObject({ code: 'E_NAME_TAKEN', message: expect.stringContaining(volumes[2] ?? '') });
    expect((await ask('removeVolume', volumes[2])).error).toMatchObject({ code: 'E_NAME_TAKEN' });
    expect(await value('volumeExists', volumes[2])).toBe(true);
    expect(await value('volumeExists', volumes[0])).toBe(false);
    await box.engineProgram(['volume', 'rm', volumes[2] ?? '']);

    expect(await value('ensureVolumesExist')).toEqual(volumes);
    expect(await value('ensureVolumesExist')).toEqual([]);
    for (const name of volumes)
      expect((await box.engine.volumes.inspect(name))?.labels).toMatchObject({ 'io.slipway.install': box.installId, 'io.slipway.instance': 'opencode' });
    expect(await value('removeVolume', volumes[1])).toBe(true);
    expect(await value('removeVolume', volumes[1])).toBe(false);
    expect(await value('ensureVolumesExist')).toEqual([volumes[1]]);
  });

  it('builds the image with OpenCode, shows how it goes, and does nothing where it is up to date', async () => {
    const { value: id, progress, error } = await ask<string>('buildImage', { onProgress: true });
    expect(error).toBeUndefined();
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(progress.join('')).toContain('install.sh');
    expect(await value('imageExists')).toBe(true);
    const again = await ask<string>('buildImage', { onProgress: true });
    expect(again).toEqual({ value: id, progress: [] });
    expect(await box.ok(['image', 'build', 'opencode'])).toMatch(/^Nothing to do: slipway-opencode:\S+ is up to date\.$/);
  }, 900_000);

  it('creates the container as the design has it, and does not start it', async () => {
    const id = await value<string>('createContainer', { port, env: { OPENCODE_LOG_LEVEL: 'WARN', SOME_KEY: 'sk-secret-4711' } });
    const details = await box.container(container);
    expect(details?.id).toBe(id);
    expect(await value('containerState')).toBe('created');
    expect(await value('containerExists', container)).toBe(true);
    expect(await value('containerIsRunning')).toBe(false);
    expect(details?.mounts.map(({ type, source, target }) => [type, source, target]).sort(([, , a = ''], [, , b = '']) => (a < b ? -1 : 1))).toEqual([
      ['volume', volumes[2], '/home/opencode/.config'],
      ['volume', volumes[0], '/home/opencode/.opencode'],
      ['volume', volumes[1], '/workspace'],
    ]);
    expect(details).toMatchObject({ hostname: container, workingDir: '/workspace', user: 'opencode' });
    expect(details?.env).toContain('SOME_KEY=sk-secret-4711');
    const inspected = JSON.parse(await box.engineProgram(['inspect', container])) as readonly [
      { readonly HostConfig: { readonly RestartPolicy: { readonly Name: string }; readonly AutoRemove: boolean; readonly PortBindings: unknown } },
    ];
    expect(['', 'no']).toContain(inspected[0].HostConfig.RestartPolicy.Name);
    expect(inspected[0].HostConfig).toMatchObject({ AutoRemove: false, PortBindings: { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } });
    expect(await box.as(['sh', '-c', 'grep -rl sk-secret-4711 state | grep -v /instances/opencode/.env$ || true'])).toBe('');
    expect(await box.as(['stat', '-c', '%a', 'state/instances/opencode/.env'])).toBe('600');
  });

  it('lists its image, and keeps it as long as a container is made of it', async () => {
    const listed = JSON.parse(await box.ok(['image', 'list', '--json'])) as readonly { readonly layer: string }[];
    const name = await value<string>('IMAGE_NAME');
    expect(listed.filter(({ layer }) => layer === 'service')).toMatchObject([{ name, state: 'fresh', fix: null, projects: [], containers: [container] }]);
    expect(JSON.parse(await box.ok(['image', 'prune', '--yes', '--json']))).toEqual([]);
    expect(await value('imageExists')).toBe(true);
  });

  it('does not make a second one, nor remove volumes that a container has', async () => {
    expect((await ask('createContainer', { port })).error).toMatchObject({ code: 'E_CONTAINER_EXISTS', message: 'Container slipway-opencode exists already.' });
    expect((await ask('removeVolume', volumes[0])).error).toMatchObject({
      code: 'E_IN_USE',
      message: 'Volume slipway-opencode-session is in use by container slipway-opencode.',
    });
    expect((await ask('removeAllVolumes')).error).toMatchObject({ code: 'E_IN_USE' });
    expect(await Promise.all(volumes.map((name) => value('volumeExists', name)))).toEqual([true, true, true]);
  });

  it('starts it, and a session that is made through its API is in the session volume', async () => {
    await value('startContainer');
    expect(await value('containerIsRunning')).toBe(true);
    const id = await session('Kept');
    expect(await sessions()).toContain(id);
    const image = await value<string>('IMAGE_NAME');
    const found = await box.engineProgram([
      'run',
      '--rm',
      '--network',
      'none',
      '--user',
      '0',
      '--volume',
      `${volumes[0]}:/volume`,
      image,
      'grep',
      '-rl',
      id,
      '/volume/opencode',
    ]);
    expect(found).toContain('/volume/opencode/opencode.db');
    // A running one is left as it is.
    const before = (await box.container(container))?.startedAt;
    await value('startContainer');
    expect((await box.container(container))?.startedAt).toBe(before);
  }, 240_000);

  it('keeps sessions over stop, start, removal and a new container', async () => {
    const before = await sessions();
    expect(before.length).toBeGreaterThan(0);
    const since = Date.now();
    await value('stopContainer');
    expect(Date.now() - since).toBeLessThan(30_000);
    expect(await value('containerState')).toBe('exited');
    await value('stopContainer', null, { timeoutSeconds: 1 });
    await value('startContainer', 'opencode');
    expect(await sessions()).toEqual(before);

    expect((await ask('removeContainer')).error).toMatchObject({ code: 'E_CONFLICT', message: 'Container slipway-opencode is running.' });
    expect(await value('removeContainer', container, { force: true })).toBe(true);
    expect(await value('removeContainer', container)).toBe(false);
    expect(await value('containerExists')).toBe(false);

    const id = await value<string>('setupAndStart', { port });
    expect(id).toBe((await box.container(container))?.id);
    expect(await sessions()).toEqual(before);
    expect(await value('setupAndStart')).toBe(id);
    expect(await value('setupAndStart', { port })).toBe(id);
    expect((await ask('setupAndStart', { port: port + 1 })).error).toMatchObject({ code: 'E_CONTAINER_EXISTS' });
    await value('stopContainer');
    expect(await value('setupAndStart')).toBe(id);
    expect(await value('containerIsRunning')).toBe(true);
  }, 300_000);

  it('`down` leaves the volumes, and `up` finds the sessions', async () => {
    const before = await sessions();
    expect(await box.ok(['down'])).toBe('Removed container slipway-opencode. Its volumes stay.');
    expect(await box.ok(['down'])).toBe('Nothing to remove.');
    expect(await value('containerExists')).toBe(false);
    expect(await box.ok(['up', '--port', String(port), '--dry-run'])).toContain('- Create container slipway-opencode');
    expect(await value('containerExists')).toBe(false);
    const image = await value<string>('IMAGE_NAME');
    expect(await box.ok(['up', '--port', String(port)])).toBe(`Instance opencode running on http://localhost:${port} (${image})`);
    expect(await sessions()).toEqual(before);
    expect(await box.ok(['up'])).toBe(`Instance opencode runs already on http://localhost:${port} (${image})`);
    const other = await box.slipway(['up', '--port', String(port + 1)]);
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('Container slipway-opencode exists already. [E_CONTAINER_EXISTS]')]);
    // Whoever removes it with the engine's own program finds all as it was.
    await box.engineProgram(['rm', '--force', container]);
    expect(await box.ok(['up'])).toContain(`http://localhost:${port}`);
    expect(await sessions()).toEqual(before);
    await box.ok(['down']);
  }, 300_000);

  it('names a free port where one is taken, before anything is made', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const busy = (taken.address() as AddressInfo).port;
    try {
      const { error } = await ask('createContainer', { port: busy });
      expect(error).toMatchObject({ code: 'E_PORT_TAKEN', message: `Port ${busy} is already in use.`, hint: expect.stringMatching(/^Port \d+ is free/) });
      const up = await box.slipway(['up', '--port', String(busy)]);
      expect([up.exitCode, up.stderr]).toEqual([1, expect.stringContaining(`Port ${busy} is already in use. [E_PORT_TAKEN]`)]);
      expect(await value('containerExists')).toBe(false);
    } finally {
      taken.close();
    }
  });

  it('asks before it lets others in, and tells a password to nobody', async () => {
    const asked = await box.slipway(['up', '--port', String(port), '--bind', '0.0.0.0']);
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringMatching(/warning: Everybody who reaches this machine[\s\S]*--yes/)]);
    expect(await value('containerExists')).toBe(false);
    const said = await box.slipway(['up', '--port', String(port), '--bind', '0.0.0.0', '--env', 'OPENCODE_SERVER_PASSWORD=it"s \\secret', '--yes']);
    expect([said.exitCode, said.stderr]).toEqual([0, expect.stringContaining('for whoever has its password')]);
    expect((await request(`http://127.0.0.1:${port}/session`)).status).toBe(401);
    const signedIn = await request(`http://127.0.0.1:${port}/session`, {
      headers: { Authorization: `Basic ${Buffer.from('opencode:it"s \\secret').toString('base64')}` },
    });
    expect(signedIn.status).toBe(200);
    expect(await box.as(['sh', '-c', 'grep -rlF "s \\\\\\\\secret" state | grep -v /instances/opencode/.env$ || true'])).toBe('');
    const bound = (await box.container(container))?.ports.map(({ address }) => address);
    expect(bound).toContain('0.0.0.0');
    await box.ok(['down']);
  }, 240_000);

  it('keeps another instance of the template apart, under either of its names', async () => {
    const id = await value<string>('createContainer', { name: 'slipway-second', port });
    expect((await box.container('slipway-second'))?.id).toBe(id);
    expect(await value('containerState', 'second')).toBe('created');
    expect(await value('volumeExists', 'slipway-second-session')).toBe(true);
    await box.ok(['instance', 'delete', 'second', '--force']);
    expect(await value('containerExists', 'second')).toBe(false);
    expect(await value('volumeExists', 'slipway-second-session')).toBe(false);
    expect(await value('volumeExists', volumes[0])).toBe(true);
  });

  it('removes no volume without being told to, and then all three', async () => {
    const asked = await box.slipway(['down', '--volumes']);
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await value('volumeExists', volumes[0])).toBe(true);
    expect(await value('removeAllVolumes')).toEqual(volumes);
    expect(await value('removeAllVolumes')).toEqual([]);
    await value('createContainer', { port });
    expect(await box.ok(['down', '--volumes', '--yes'])).toBe(
      `Removed container slipway-opencode, ${volumes
        .map((name) => `volume ${name}`)
        .sort()
        .join(', ')}.`,
    );
    expect(await Promise.all(volumes.map((name) => value('volumeExists', name)))).toEqual([false, false, false]);
  });

  it('has its image pruned once no container uses it', async () => {
    const name = await value<string>('IMAGE_NAME');
    expect(JSON.parse(await box.ok(['image', 'prune', '--yes', '--json']))).toMatchObject([{ name }]);
    expect(await value('imageExists')).toBe(false);
  });
});

describe('pullImage', () => {
  const docker = engines.find(({ kind }) => kind === 'docker') as LabEngine;
  let box: Sandbox;
  let registry: OciRegistry;

  beforeAll(async () => {
    box = new Sandbox(docker);
    registry = await OciRegistry.start(await layer());
  });
  afterAll(async () => {
    await registry.close();
    await box.dispose();
  });

  it('pulls from a registry, with progress in bytes, and says what went wrong', async () => {
    const reference = `${registry.address}/team/service:1`;
    const call = (args: readonly unknown[]) => box.as([process.execPath, join(installed.directory, 'call.mjs'), JSON.stringify(args)]);
    const { value: id, progress, error } = JSON.parse(await call(['pullImage', { image: reference, onProgress: true }])) as Answer<string>;
    try {
      expect(error).toBeUndefined();
      expect(id).toBe((await box.engine.images.inspect(reference))?.id);
      expect(progress).toContainEqual(expect.objectContaining({ layer: expect.any(String), status: expect.any(String) }));
      expect(progress).toContainEqual(expect.objectContaining({ currentBytes: expect.any(Number), totalBytes: expect.any(Number) }));
    } finally {
      await box.engine.images.remove(reference);
    }
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    silent.close();
    expect((JSON.parse(await call(['pullImage', { image: `127.0.0.1:${port}/nobody:1` }])) as Answer<string>).error).toMatchObject({ code: 'E_IMAGE_PULL' });
  });
});

it('its types are those that it has', async () => {
  writeFileSync(join(installed.directory, 'use.ts'), typed);
  const { run } = await import('../../src/host/process.ts');
  const compiler = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname;
  const types = new URL('../../node_modules/@types', import.meta.url).pathname;
  const end = await run(
    [
      process.execPath,
      compiler,
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--skipLibCheck',
      'false',
      '--typeRoots',
      types,
      '--types',
      'node',
      'use.ts',
    ],
    { cwd: installed.directory },
  );
  expect([end.exitCode, end.stdout]).toEqual([0, '']);
});

/** One that is not answered fails, instead of waiting as long as the test may. */
const request = (url: string, init: RequestInit = {}) => fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });

/** A root file system that no engine has seen. */
async function layer(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'random' }, randomBytes(2_000_000));
  archive.finalize();
  return buffer(archive);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
