import { describe, expect, test } from 'vitest';
import type { ContainerDetails } from '../engine/model.ts';
import type { InstanceConfig } from './model.ts';
import type { InstanceObserved } from './observe.ts';
import { planCreate, planDelete, planRestart, planStart, planStop } from './plan.ts';
import { resolveInstance } from './resolve.ts';
import type { UnitObserved } from './units/units.ts';

const engine = { kind: 'podman', endpoint: 'unix:///x', identity: 'X' } as const;
const config: InstanceConfig = resolveInstance('web', { image: 'web:1', port: 8081, engine }, undefined, '/home/ada');
const unit: UnitObserved = {
  manager: 'none',
  scope: 'user',
  unit: 'slipway-web.service',
  file: '/units/slipway-web.service',
  installed: false,
  foreign: false,
  text: undefined,
  enabled: false,
  active: false,
  failed: false,
  lingering: undefined,
  domain: '',
};
const container = (state: ContainerDetails['state'], startedAt = '2026-11-21T08:00:00Z') =>
  ({ id: 'c1', name: 'slipway-web', imageId: 'sha256:1', state, startedAt }) as unknown as ContainerDetails;
const observed = (facts: Partial<InstanceObserved> = {}): InstanceObserved => ({
  config,
  state: { salt: 's', desired: 'running', digest: 'sha256:1' },
  container: undefined,
  program: undefined,
  drift: [],
  missingSecrets: [],
  unit,
  at: '2026-11-21T09:00:00Z',
  image: 'sha256:1',
  ...facts,
});
const healthy = { state: 'healthy', probe: 'none', why: undefined } as const;
const ill = { state: 'unhealthy', probe: 'none', why: 'no' } as const;
const dos = (plan: { readonly steps: readonly { readonly do: string }[] }) => plan.steps.map((step) => step.do);
const made = ['instance.prepare', 'instance.load-image', 'instance.create-container', 'container.start', 'instance.started'];
const stopped = { salt: 's', desired: 'stopped', digest: 'sha256:1' } as const;

describe('start', () => {
  test.each<[string, Partial<InstanceObserved>, readonly string[]]>([
    ['runs and is well', { container: container('running'), health: healthy }, []],
    ['runs and is not well', { container: container('running'), health: ill }, ['instance.healthy']],
    ['has stopped', { container: container('exited') }, ['container.start', 'instance.started']],
    ['was never started', { container: container('created') }, ['container.start', 'instance.started']],
    ['has no container', {}, made],
    ['was stopped on purpose', { container: container('exited'), state: stopped }, ['container.start', 'instance.set-state', 'instance.started']],
    ['runs, and is to be stopped', { container: container('running'), health: healthy, state: stopped }, ['instance.set-state']],
  ])('of one that %s', (_what, facts, expected) => expect(dos(planStart(observed(facts), { asIs: false }))).toEqual(expected));

  test('where it does not become well, it is stopped again', () => {
    expect(planStart(observed({ container: container('exited') }), { asIs: false }).steps.at(-1)).toMatchObject({
      do: 'instance.started',
      halt: { do: 'instance.halt', container: 'slipway-web' },
    });
  });

  test('drift is an error, unless it is started as it is', () => {
    const facts = observed({ container: container('exited'), drift: [{ key: 'port', configured: '1', running: '2' }] });
    expect(() => planStart(facts, { asIs: false })).toThrow(expect.objectContaining({ code: 'E_DRIFT' }));
    expect(dos(planStart(facts, { asIs: true }))).toEqual(['container.start', 'instance.started']);
  });

  test.each(['paused', 'restarting', 'removing'] as const)('%s is an error', (state) => {
    expect(() => planStart(observed({ container: container(state) }), { asIs: false })).toThrow(expect.objectContaining({ code: 'E_INSTANCE_STATE' }));
  });

  test('a missing secret is an error', () => {
    expect(() => planStart(observed({ missingSecrets: ['A', 'B'] }), { asIs: false })).toThrow(expect.objectContaining({ code: 'E_NO_SECRET' }));
  });
});

describe('restart', () => {
  test.each<[string, Partial<InstanceObserved>, readonly string[]]>([
    ['runs', { container: container('running'), health: healthy }, ['container.stop', 'container.start', 'instance.started']],
    ['has stopped', { container: container('exited') }, ['container.start', 'instance.started']],
    ['has no container', {}, made],
    ['was restarted by the operation that was cut off', { container: container('running', '2026-11-21T08:30:01Z'), health: ill }, ['instance.started']],
  ])('of one that %s', (_what, facts, expected) => expect(dos(planRestart(observed(facts), { after: '2026-11-21T08:30:00Z' }))).toEqual(expected));
});

describe('stop', () => {
  test.each<[string, Partial<InstanceObserved>, readonly string[]]>([
    ['runs', { container: container('running') }, ['instance.set-state', 'container.stop']],
    ['has ended', { container: container('exited') }, ['instance.set-state']],
    ['is stopped', { container: container('exited'), state: stopped }, []],
    ['has no container', { state: stopped }, []],
    ['runs though it is to be stopped', { container: container('running'), state: stopped }, ['container.stop']],
  ])('of one that %s', (_what, facts, expected) => expect(dos(planStop(observed(facts), {}))).toEqual(expected));
});

test('create can be undone until its line of history is written', () => {
  const wanted = { config, image: 'sha256:1', digest: 'sha256:1', secretsFile: '/s', exists: false, at: 't', person: 'ada' };
  const plan = planCreate({ ...wanted, kept: false });
  expect(plan.steps.map((step) => [step.do, step.commit ?? false])).toEqual([
    ['instance.prepare', false],
    ['instance.set-state', false],
    ['instance.write-env', false],
    ['instance.drop-handed-over', false],
    ['instance.write-config', false],
    ['instance.load-image', false],
    ['instance.create-container', false],
    ['instance.record', true],
  ]);
  expect(plan.otherwise?.map((step) => step.do)).toEqual([
    'container.remove-made',
    'instance.untag-images',
    'instance.remove-made',
    'instance.drop-handed-over',
  ]);
  expect(planCreate({ ...wanted, kept: true }).otherwise?.at(-2)).toMatchObject({ kept: true });
});

test('delete takes what an update left beside it, too, and stops before it removes', () => {
  const plan = planDelete({ ...observed({ container: container('running') }), leftovers: ['slipway-web.previous'] }, { keepData: true });
  expect(plan.steps.map((step) => step.container ?? step.keepData ?? step.do)).toEqual([
    'instance.set-state',
    'slipway-web',
    'slipway-web',
    'slipway-web.previous',
    true,
    'instance.untag-images',
    true,
  ]);
});
