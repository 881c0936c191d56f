import { describe, expect, it } from 'vitest';
import type { ContainerSummary, EngineRef } from '../../engine/model.ts';
import type { Step } from '../../operations/model.ts';
import type { ContainerRecord, PlannedJob, PlannedService } from '../model.ts';
import { mountedCaches } from './caches.ts';
import { type ContainerMaking, planContainer } from './container-plan.ts';
import { planRemoval, type RemovalWanted, type RunResources } from './container-removal.ts';
import { mainContainer, serviceSpec } from './container-spec.ts';

const run = { repository: 'demo', run: '20261121t080000-00000000' };
const engine: EngineRef = { kind: 'docker', endpoint: 'unix:///x', identity: 'i' };
const paths = { config: '/config', state: '/state', cache: '/cache' };
const name = `slipway-ci-demo-${run.run}`;
const service = (called: string): PlannedService => ({ name: called, image: 'db:1', env: {} });

function making(services: readonly PlannedService[], user = ''): ContainerMaking {
  const wanted = { run, image: 'image:1', services, caches: [] };
  return {
    engine,
    run,
    at: '2026-11-21T08:00:00.000Z',
    main: mainContainer(paths, 'install', wanted),
    marker: '/cache/ready',
    services: services.map((one) => ({ service: one, spec: serviceSpec('install', wanted, one) })),
    caches: [],
    user,
    workspace: '/cache/workspace',
  };
}

const kinds = (steps: readonly Step[]) => steps.map((step) => step.do);

describe('start', () => {
  it('has a network only for services, which are healthy before the container is made', () => {
    const alone = planContainer(making([]));
    expect(kinds(alone.steps)).toEqual(['run.prepare-folders', 'run.create-container', 'container.start', 'run.await-container']);
    expect(making([]).main.network).toBeUndefined();
    const plan = planContainer(making([service('db'), service('web')]));
    expect(kinds(plan.steps)).toEqual([
      'run.prepare-folders',
      'run.create-network',
      'run.create-container',
      'container.start',
      'run.create-container',
      'container.start',
      'run.await-services',
      'run.create-container',
      'container.start',
      'run.await-container',
    ]);
    // Each knows those before it, the main one all.
    const hosts = plan.steps.flatMap((step) =>
      step.hosts === undefined ? [] : [(step.hosts as readonly { readonly name: string }[]).map((host) => host.name)],
    );
    expect(hosts).toEqual([[], ['db'], ['db', 'web']]);
    expect(kinds(plan.otherwise ?? [])).toEqual(['run.remove-resources']);
  });

  it.each([
    ['', false],
    ['root', false],
    ['0:0', false],
    ['node', true],
    ['1000', true],
    ['1000:0', true],
  ])("as the image's user %j the workspace changes hands: %s", (user, changes) => {
    expect(kinds(planContainer(making([], user)).steps).includes('run.own-workspace')).toBe(changes);
  });

  it('nothing of the image decides what the container does', () => {
    expect(making([]).main).toMatchObject({
      entrypoint: ['/bin/sh', '-c', expect.any(String), 'slipway-ci'],
      command: [],
      healthcheck: { test: ['NONE'] },
      stopSignal: 'SIGTERM',
    });
  });
});

describe('end', () => {
  const container = (called: string, state: ContainerSummary['state']): ContainerSummary => ({
    id: called,
    name: called,
    image: 'image:1',
    imageId: 'sha256:1',
    labels: {},
    state,
    createdAt: '2026-11-21T08:00:00.000Z',
    ports: [],
  });
  const plan = (more: Partial<RunResources>, wanted: Partial<RemovalWanted> = {}) =>
    kinds(planRemoval({ engine, containers: [], networks: [], image: false, record: {}, ...more }, { run, keep: false, keepImage: false, ...wanted }));
  const recorded: ContainerRecord = { containerId: 'c' };

  it('of nothing is nothing', () => {
    expect(plan({})).toEqual([]);
  });

  it('stops the main container with grace, the others go at once', () => {
    const containers = [container(name, 'running'), container(`${name}-db`, 'running')];
    expect(plan({ containers, image: true, record: recorded })).toEqual(['run.stop-container', 'run.remove-resources', 'run.remove-image']);
  });

  it('records when one stopped that is gone already, once', () => {
    expect(plan({ record: recorded })).toEqual(['run.stop-container']);
    expect(plan({ record: { ...recorded, containerStoppedAt: '2026-11-21T08:01:00.000Z' } })).toEqual([]);
  });

  it('keeps what is to be looked at, but nothing running', () => {
    const containers = [container(name, 'running'), container(`${name}-db`, 'running')];
    expect(plan({ containers, image: true, record: recorded }, { keep: true })).toEqual(['run.stop-container', 'run.stop-container']);
  });

  it('ends a build that outlived its driver, and takes the image that it may have made', () => {
    const buildProcess = { pid: 1, startTime: '1', bootId: 'b' };
    expect(plan({ record: { buildProcess } })).toEqual(['run.end-build', 'run.remove-image']);
  });
});

describe('caches', () => {
  const job = (...caches: readonly (readonly [string, string])[]): PlannedJob =>
    ({ caches: caches.map(([key, path]) => ({ key, path })) }) as unknown as PlannedJob;

  it('of all jobs are mounted, relative ones in the workspace', () => {
    expect(mountedCaches([job(['a', 'x/y'], ['b', '/root/.npm']), job(['a', './x/y'])])).toEqual([
      { key: 'a', target: '/work/x/y' },
      { key: 'b', target: '/root/.npm' },
    ]);
  });

  it.each([
    ['one place for two', [job(['a', 'x']), job(['b', 'x'])]],
    ['the workspace', [job(['a', '.'])]],
    ['what the workspace is in', [job(['a', '/'])]],
    ['the channel', [job(['a', '/run/slipway/ci/x'])]],
    ['what the channel is in', [job(['a', '/run'])]],
  ])('never take %s', (_, jobs) => {
    expect(() => mountedCaches(jobs)).toThrow(
      expect.objectContaining({ code: 'E_CACHE_PLACE', outcome: expect.objectContaining({ kind: 'pipeline-invalid' }) }),
    );
  });
});
