import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../state/yaml.ts';
import { editYaml } from './config-edit.ts';
import type { InstanceConfig } from './model.ts';
import { resolveInstance } from './resolve.ts';
import { checkedInstanceSchema, type InstanceFile, newInstanceSchema } from './schema.ts';
import { parseInstance } from './store.ts';
import { instanceToFile } from './to-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const engine = { kind: 'docker', endpoint: 'unix:///var/run/docker.sock', identity: 'X' } as const;
const text = `# my shop
image: shop:1   # pinned
engine: { kind: docker, endpoint: "unix:///var/run/docker.sock", identity: X }
port: 8081
address: 127.0.0.1 # said although it is so anyway

env:
  # how much it says
  LEVEL: info
  WORKERS: 4
limits: { memory: 512m }
mounts:
  - { source: /srv/a, target: /a } # first
  # the second
  - { volume: cache, target: /c, read_only: true }
health: { http: /health, wait: 1m }
`;

async function read(source: string): Promise<InstanceConfig> {
  return resolveInstance('shop', await parseInstance('config.yml', source), undefined, '/home/ada');
}

async function edited(change: (config: InstanceConfig) => InstanceConfig): Promise<string> {
  const config = await read(text);
  return editYaml(text, instanceToFile(config, undefined), instanceToFile(change(config), undefined));
}

describe('config.yml', () => {
  test('what is not said has its default', async () => {
    const config = await read(`image: a:1\nport: 8081\nengine: { kind: docker, endpoint: "unix:///x", identity: "" }\n`);
    expect(config).toMatchObject({
      kind: 'container',
      address: '127.0.0.1',
      containerPort: 8080,
      stopTimeoutSeconds: 30,
      paths: { data: '/data' },
      requiredSecrets: [],
    });
    expect(config.health).toEqual({ probe: undefined, intervalMs: 1000, timeoutMs: 3000, startPeriodMs: 3000, passes: 2, waitMs: 30_000, soakMs: 10_000 });
  });

  test('an edit without a change changes nothing', async () => expect(await edited((config) => config)).toBe(text));

  test('another version changes one word', async () => {
    expect(await edited((config) => ({ ...config, source: { image: 'shop:2' } }))).toBe(text.replace('shop:1  ', 'shop:2'));
  });

  test('mounts come and go, and comments stay', async () => {
    const added = await edited((config) => ({ ...config, mounts: [...config.mounts, { type: 'bind', source: '/srv/b', target: '/b' }] }));
    expect(added).toContain('# the second');
    expect((await read(added)).mounts.map(({ target }) => target)).toEqual(['/a', '/c', '/b']);
    const removed = await edited((config) => ({ ...config, mounts: config.mounts.slice(1) }));
    expect([removed.includes('/srv/a'), removed.includes('volume: cache'), removed.includes('# how much it says')]).toEqual([false, true, true]);
  });

  test.each<[string, (config: InstanceConfig) => InstanceConfig]>([
    ['a variable', (config) => ({ ...config, env: { LEVEL: 'debug' } })],
    ['limits', (config) => ({ ...config, limits: { cpus: 2 } })],
    ['health', (config) => ({ ...config, health: { ...config.health, probe: { kind: 'none' }, soakMs: 500 } })],
    ['a release', (config) => ({ ...config, source: { release: { service: 'shop', version: 'v1' } } })],
    ['an address', (config) => ({ ...config, address: '0.0.0.0' })],
    ['all mounts gone', (config) => ({ ...config, mounts: [] })],
  ])('%s: what is written is what is read again', async (_what, change) => {
    expect(await read(await edited(change))).toEqual(change(await read(text)));
  });

  test.each([
    ['prot: 1', /prot.*did you mean `port`/i],
    ['port: 0', /expected a port from 1 to 65535/],
    ['image: a:1\nservice: web\nversion: v1', /expected either `image`, or `service` and `version`/],
    ['service: web', /expected `service` and `version` together/],
    ['health: { http: /a, tcp: true }', /expected one of/],
    ['health: { wait: soon }', /expected a time with its unit/],
    ['mounts: [{ target: /a }]', /expected either `source` or `volume`/],
    ['mounts: [{ source: /a, target: /a }, { source: /b, target: /a/ }]', /mounts two things at one target/],
    ['env: { 1A: b }', /expected the name of a variable/],
  ])('%s is a mistake', async (line, message) => {
    const base = line.startsWith('image') || line.startsWith('service') ? '' : 'image: a:1\n';
    const port = line.startsWith('port') ? '' : 'port: 8081\n';
    const source = `${base}${port}engine: { kind: docker, endpoint: "unix:///x", identity: "" }\n${line}\n`;
    await expect(parseInstance('config.yml', source)).rejects.toSatisfy((error) => {
      const { code, message: head, detail } = error as { code: string; message: string; detail?: string };
      return code === 'E_BAD_FILE' && message.test(`${head}\n${detail}`);
    });
  });
});

describe.each(['production', 'internal-tools'])('docs/reference/instances/%s.yml', (name) => {
  test('is what `instance create --config` takes', async () => {
    const file = await parseYaml(`${name}.yml`, readFileSync(`${root}/docs/reference/instances/${name}.yml`, 'utf8'), newInstanceSchema);
    const { version = 'v1', image, repository, ...rest } = file;
    const source = image === undefined ? { service: 'shop', version, repository } : { image };
    const whole: InstanceFile = { ...rest, ...source, engine, port: file.port ?? 8081 };
    await expect(parseYaml('config.yml', JSON.stringify(whole), checkedInstanceSchema)).resolves.toEqual(whole);
    const config = resolveInstance('shop', whole, undefined, '/home/ada');
    expect(config).toMatchObject({ name: 'shop', port: file.port ?? 8081, limits: { memoryBytes: expect.any(Number) as number } });
    expect(config.health.probe).toBeDefined();
  });
});
