import { describe, expect, it } from 'vitest';
import type { Outcome, RunRecord } from './model.ts';
import type { EndRunObserved } from './observe.ts';
import { planEnd, planNew } from './plan.ts';

const ref = { repository: 'shop', run: '20261121t035312-9f2c41d0' };
const engine = { kind: 'docker', endpoint: 'unix:///run/docker.sock', identity: 'one' } as const;
const source = { repository: '/src/shop', revision: 'HEAD', commit: 'c0ffee', ref: 'refs/heads/main', dirty: false };
const record: RunRecord = { id: ref.run, repository: 'shop', createdAt: '2026-11-21T03:53:12.000Z', source, keep: false, supersede: false };
const outcome: Outcome = { kind: 'succeeded', message: 'It did.', retryable: false, evidence: {} };
const observed: EndRunObserved = {
  record,
  outcome: undefined,
  open: { ...ref, state: 'started' },
  at: '2026-11-21T04:00:00.000Z',
  resources: undefined,
  surplusImages: [],
};
const kinds = (more: Partial<EndRunObserved>, leave = false) => planEnd({ ...observed, ...more }, { ...ref, outcome, leave }).steps.map((step) => step.do);

describe('a new run', () => {
  const wanted = { run: ref.run, home: '/src/shop/.git', source, keep: false, supersede: true };

  it('is written as one, and can be undone until it is there', () => {
    expect(planNew({ repository: 'shop', createdAt: record.createdAt, superseded: [], exists: false }, wanted)).toEqual({
      steps: [{ do: 'run.write', home: '/src/shop/.git', record: { ...record, supersede: true }, commit: true }],
      otherwise: [{ do: 'run.discard', ...ref }],
    });
  });

  it('takes the place of others once it is there', () => {
    const old = { repository: 'shop', run: '20261121t035000-00000000', state: 'queued' } as const;
    expect(planNew({ repository: 'shop', createdAt: record.createdAt, superseded: [old], exists: false }, wanted).steps.slice(1)).toEqual([
      { do: 'run.supersede', repository: 'shop', run: old.run, by: ref.run },
    ]);
  });
});

describe('the end of a run', () => {
  const resources = { engine, containers: [], networks: [], image: true, record: { containerId: 'abc', containerStartedAt: 'then' } };

  it('on the host: files, outcome, list', () => {
    expect(kinds({})).toEqual(['run.remove-files', 'run.write-outcome', 'run.close']);
  });

  it('in a container: that, the files, images that are too many, and only then the outcome', () => {
    const steps = kinds({ record: { ...record, engine }, resources, surplusImages: [ref] });
    expect(steps).toEqual(['run.stop-container', 'run.remove-files', 'run.remove-image', 'run.write-outcome', 'run.close']);
  });

  it('leaves for later what an engine that is away holds, and says how the run ended', () => {
    const plan = planEnd({ ...observed, record: { ...record, engine }, resources: 'away' }, { ...ref, outcome, leave: false });
    expect(plan.steps).toEqual([
      { do: 'run.write-outcome', ...ref, outcome },
      { do: 'run.leave', ...ref, after: '2026-11-21T04:01:00.000Z' },
    ]);
  });

  it('leaves for later what could not be removed', () => {
    expect(kinds({}, true)).toEqual(['run.write-outcome', 'run.leave']);
  });

  it('keeps workspace and image where that was asked for', () => {
    const plan = planEnd({ ...observed, record: { ...record, engine, keep: true }, resources, surplusImages: [ref] }, { ...ref, outcome, leave: false });
    expect(plan.steps.map((step) => [step.do, step.part])).toEqual([
      ['run.stop-container', undefined],
      ['run.remove-files', 'channel'],
      ['run.write-outcome', undefined],
      ['run.close', undefined],
    ]);
  });

  it('writes no second outcome, and nothing where all is done', () => {
    expect(kinds({ outcome })).toEqual(['run.remove-files', 'run.close']);
    expect(kinds({ outcome, open: undefined, record: undefined })).toEqual([]);
  });
});
