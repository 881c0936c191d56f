import { describe, expect, it } from 'vitest';
import type { ContainerDetails, ContainerState } from '../engine/model.ts';
import type { TaskMetadata } from './model.ts';
import type { Making } from './making.ts';
import type { TaskObserved } from './observe.ts';
import { planDelete, planHeadless, planRestart, planRunCli, planStop } from './plan.ts';

const engine = { kind: 'docker', endpoint: 'unix:///run/x.sock', identity: 'X' } as const;
const never: TaskMetadata = { id: '1', project: 'demo', createdAt: '2026-01-01T00:00:00.000Z' };
const ran: TaskMetadata = { ...never, mode: 'cli', engine, seededAt: '2026-01-01T00:00:01.000Z' };
const making = {
  engine,
  spec: { name: 'demo-cli-1', image: 'demo:l2-cli', labels: {} },
  repository: '/repo',
  branch: 'main',
  credentials: ['claude'],
} as unknown as Making;
const restart = { force: false, recreate: false, after: '2026-01-02T00:00:00.000Z' };

function task(metadata: TaskMetadata, state?: ContainerState): TaskObserved {
  const container = state && ({ id: 'c1', name: 'demo-cli-1', state, imageId: 'sha256:1' } as ContainerDetails);
  return { metadata, container, at: '2026-01-02T00:00:00.000Z', records: '/state/records', making };
}

const words = (plan: { readonly steps: readonly { readonly do: string }[] }) => plan.steps.map((step) => step.do);
const create = ['task.prepare', 'task.write', 'container.create', 'container.start', 'container.ready'];
const seedAndCreate = ['task.prepare', 'task.seed', ...create.slice(1)];
const start = ['container.start', 'container.ready'];

describe('run-cli', () => {
  it('seeds, makes and starts a task that has never run', () => expect(words(planRunCli(task(never)))).toEqual(seedAndCreate));
  it('does nothing to a running one', () => expect(words(planRunCli(task(ran, 'running')))).toEqual([]));
  it.each(['created', 'exited', 'dead'] as const)('starts one that is %s, and does not touch its workspace', (state) =>
    expect(words(planRunCli(task(ran, state)))).toEqual(start),
  );
  it('makes a lost container again without seeding again', () => expect(words(planRunCli(task(ran)))).toEqual(create));
  it('refuses a second mode', () => expect(() => planRunCli(task({ ...ran, mode: 'run' }, 'exited'))).toThrow(/one mode/));
});

describe('stop', () => {
  it('stops a running one', () => expect(words(planStop(task(ran, 'running'), {}))).toEqual(['container.stop']));
  it.each([
    ['created', 'exited'],
    ['exited', 'exited'],
    ['dead', 'dead'],
  ] as const)('refuses one that is %s, naming the state as status does', (state, shown) =>
    expect(() => planStop(task(ran, state), {})).toThrow(`not running (${shown})`),
  );
  it('refuses one without a container', () => expect(() => planStop(task(ran), {})).toThrow('not running (no container)'));
  it('refuses one that never ran with an error of its own', () => expect(() => planStop(task(never), {})).toThrow(/never been run/));
});

describe('restart', () => {
  it('does nothing to a running one', () => expect(words(planRestart(task(ran, 'running'), restart))).toEqual([]));
  it('with --force stops and starts it', () =>
    expect(words(planRestart(task(ran, 'running'), { ...restart, force: true }))).toEqual(['container.stop', ...start]));
  it('starts a stopped one', () => expect(words(planRestart(task(ran, 'exited'), restart))).toEqual(start));
  it('makes a lost container again', () => expect(words(planRestart(task(ran), restart))).toEqual(create));
  it('refuses one that never ran', () => expect(() => planRestart(task(never), restart)).toThrow(/never been run/));
  it('with --recreate keeps the old container aside until the new one is ready', () => {
    const plan = planRestart(task(ran, 'running'), { ...restart, recreate: true });
    expect(words(plan)).toEqual(['container.stop', 'container.rename', ...create, 'container.remove']);
    expect(plan.steps.find((step) => step.commit)?.do).toBe('container.ready');
    expect(plan.otherwise?.map((step) => step.do)).toEqual(['container.remove-made', 'container.rename', 'container.start']);
  });
});

describe('restart --recreate that was cut off after its commit', () => {
  const observed = { ...task(ran, 'running'), aside: { name: 'demo-cli-1-replaced' } as ContainerDetails };
  it('removes the replaced container and leaves the new one', () => {
    const fresh = { ...observed, container: { ...observed.container, startedAt: '2026-01-03T00:00:00.000Z' } as ContainerDetails };
    expect(planRestart(fresh, { ...restart, recreate: true }).steps).toMatchObject([{ do: 'container.remove', container: 'demo-cli-1-replaced' }]);
  });
});

describe('states that are in the way', () => {
  it.each(['paused', 'restarting', 'removing'] as const)('%s is an error that names the state', (state) => {
    expect(() => planRunCli(task(ran, state))).toThrow(`is ${state}`);
    expect(() => planStop(task(ran, state), {})).toThrow(`is ${state}`);
    expect(() => planRestart(task(ran, state), restart)).toThrow(`is ${state}`);
  });
  it('delete takes a paused one too', () => expect(words(planDelete(task(ran, 'paused')))).toContain('container.remove'));
});

describe('delete', () => {
  it('removes container, files, then metadata', () =>
    expect(words(planDelete(task(ran, 'running')))).toEqual(['container.remove', 'task.remove-files', 'task.remove-metadata']));
  it('without a container removes the rest', () => expect(words(planDelete(task(ran)))).toEqual(['task.remove-files', 'task.remove-metadata']));
});

describe('a headless run', () => {
  const run = { agent: 'claude', prompt: 'hello', timeoutSeconds: 0, startedAt: '2026-01-02T00:00:00.000Z' };
  it('goes back until the agent has started', () => {
    const plan = planHeadless(task(never), run);
    expect(plan.steps.find((step) => step.commit)?.do).toBe('container.start');
    expect(plan.otherwise?.map((step) => step.do)).toEqual(['container.remove-made', 'task.tidy', 'task.write']);
  });
  it('refuses a task that has run', () => expect(() => planHeadless(task(ran), run)).toThrow(/has been run/));
  it('begins its record anew when its container is made anew', () => {
    const ended = { ...ran, mode: 'run' as const, run: { ...run, end: { reason: 'exited' as const, exitCode: 3, at: 'x' } } };
    for (const plan of [planRestart(task(ended), restart), planRestart(task(ended, 'exited'), { ...restart, recreate: true })]) {
      const written = plan.steps.find((step) => step.do === 'task.write')?.['metadata'] as unknown as TaskMetadata;
      expect(written.run).toEqual(run);
    }
  });
  it('begins its record anew when it is started again', () =>
    expect(words(planRestart(task({ ...ran, mode: 'run', run: { ...run, end: { reason: 'exited', exitCode: 3, at: 'x' } } }, 'exited'), restart))).toEqual([
      'task.write',
      'task.write-environment',
      ...start,
    ]));
});
