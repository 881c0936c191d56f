import { expect, test } from 'vitest';
import { label } from '../containers/labels.ts';
import { Secret } from '../state/secret.ts';
import { appliedOf } from './applied.ts';
import { driftOf } from './drift.ts';
import type { InstanceConfig } from './model.ts';
import { resolveInstance } from './resolve.ts';

const engine = { kind: 'docker', endpoint: 'unix:///x', identity: 'X' } as const;
const config = resolveInstance(
  'shop',
  {
    image: 'shop:1',
    port: 8081,
    engine,
    env: { LEVEL: 'info' },
    mounts: [{ source: '/srv', target: '/srv' }],
    limits: { memory: '1g' },
    settings: { theme: 'dark' },
  },
  undefined,
  '/home/ada',
);
const secret = { TOKEN: new Secret('hidden') };
const labels = { [label.applied]: JSON.stringify(appliedOf(config, { image: 'sha256:1', environment: { secret }, salt: 'salt' })) };
const drift = (changed: Partial<InstanceConfig>, secrets = secret as Readonly<Record<string, Secret>>) =>
  driftOf({ ...config, ...changed }, { secret: secrets, salt: 'salt', labels });

test('what it was made from is no drift, and no secret stands in the label', () => {
  expect(drift({})).toEqual([]);
  expect(labels[label.applied]).not.toContain('hidden');
});

test('the same secret has another digest with another salt', () => {
  const other = appliedOf(config, { image: 'sha256:1', environment: { secret }, salt: 'pepper' });
  expect(other['env.TOKEN']).not.toBe(JSON.parse(labels[label.applied])['env.TOKEN']);
});

test.each<[string, Partial<InstanceConfig>, unknown]>([
  ['version', { source: { image: 'shop:2' } }, { key: 'version', configured: 'shop:2', running: 'shop:1' }],
  ['port', { port: 8082 }, { key: 'port', configured: '8082', running: '8081' }],
  ['a variable that changed', { env: { LEVEL: 'debug' } }, { key: 'env.LEVEL', configured: 'debug', running: 'info' }],
  ['a mount that went', { mounts: [] }, { key: 'mounts./srv', configured: undefined, running: '/srv' }],
  ['a limit', { limits: { memoryBytes: 2 ** 31 } }, { key: 'limits.memory', configured: String(2 ** 31), running: String(2 ** 30) }],
  ['a setting', { settings: { theme: 'light' } }, { key: 'settings.theme', configured: '"light"', running: '"dark"' }],
])('%s', (_what, changed, expected) => expect(drift(changed)).toEqual([expected]));

test('a secret that changed or went is told by its name alone', () => {
  expect(drift({}, { TOKEN: new Secret('other') })).toEqual([{ key: 'env.TOKEN', configured: '***', running: '***' }]);
  expect(drift({}, {})).toEqual([{ key: 'env.TOKEN', configured: undefined, running: '***' }]);
});

test('a container whose label is gone differs as a whole', () => {
  expect(driftOf(config, { secret, salt: 'salt', labels: {} })).toMatchObject([{ key: 'container' }]);
});
