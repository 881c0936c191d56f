import { describe, expect, it } from 'vitest';
import type { ContainerDetails } from '../../engine/model.ts';
import { resolveInstance } from '../resolve.ts';
import type { ReplaceObserved } from './model.ts';
import { planReplace } from './plan.ts';
import { withTag } from './targets.ts';

const engine = { kind: 'docker', endpoint: 'unix:///run/docker.sock', identity: 'X' } as const;
const config = resolveInstance('web', { image: 'shop:1', port: 8081, engine }, undefined, '/home/ada');

function observed(what: Partial<ReplaceObserved> & { readonly state?: Partial<ReplaceObserved['state']> } = {}): ReplaceObserved {
  const container = { id: 'old', name: 'slipway-web', state: 'running', imageId: 'sha256:one', labels: {} } as unknown as ContainerDetails;
  const base = {
    config,
    next: { ...config, source: { image: 'shop:2' } },
    container,
    drift: [{ key: 'version', configured: 'shop:2', running: 'shop:1' }],
    missingSecrets: [],
    at: '2026-11-21T10:00:00.000Z',
    digest: 'sha256:two',
    history: [{ version: 'shop:1', imageDigest: 'sha256:one', updatedAt: '', updatedBy: '', outcome: 'created' }],
    taken: false,
    leftovers: [],
    ids: undefined,
    person: 'ada',
  };
  return { ...base, ...what, state: { salt: '', desired: 'running', digest: 'sha256:one', ...what.state } } as unknown as ReplaceObserved;
}

const wanted = { instance: 'web', source: { image: 'shop:2' } };
const does = (now: ReplaceObserved, more: object = {}) => planReplace(now, { ...wanted, ...more }, 'updated').steps.map((step) => step.do);

describe('an update', () => {
  it('does between the stop of the old one and the start of the new one only what must not happen while either runs', () => {
    const steps = does(observed());
    expect(steps.slice(steps.indexOf('container.stop'), steps.indexOf('container.start') + 1)).toEqual([
      'container.stop',
      'instance.snapshot',
      'container.start',
    ]);
  });

  it('is taken once it has held, and removes the old container only then', () => {
    const { steps } = planReplace(observed(), wanted, 'updated');
    const commit = steps.findIndex((step) => step.commit);
    expect(steps.filter((step) => step.commit).map((step) => step.do)).toEqual(['instance.record']);
    expect(steps.slice(commit - 2, commit).map((step) => step.do)).toEqual(['instance.healthy', 'instance.hold']);
    expect(steps.findIndex((step) => step.do === 'container.remove')).toBeGreaterThan(commit);
  });

  it('has the same container serve again otherwise, once the new one is gone and the data is back', () => {
    const otherwise = planReplace(observed(), wanted, 'updated').otherwise ?? [];
    expect(otherwise.map((step) => step.do)).toEqual([
      'instance.restore-data',
      'container.remove-made',
      'container.rename',
      'instance.write-config',
      'container.start',
      'instance.serves-again',
      'instance.record-failed',
      'instance.set-state',
    ]);
    expect(otherwise.find((step) => step.do === 'container.rename')).toMatchObject({ container: 'old', name: 'slipway-web' });
  });

  it('to what runs already does nothing, whatever it is called', () => {
    expect(does(observed({ digest: 'sha256:one' }))).toEqual([]);
    expect(does(observed({ digest: 'sha256:one', drift: [{ key: 'env.A', configured: '1', running: undefined }] }))).not.toEqual([]);
  });

  it('of one that is stopped starts nothing, unless it is asked to', () => {
    const stopped = observed({
      container: { ...observed().container, state: 'exited' } as ContainerDetails,
      state: { desired: 'stopped' } as ReplaceObserved['state'],
    });
    expect(does(stopped).filter((step) => /container\.(start|stop)|healthy/.test(step))).toEqual([]);
    expect(does(stopped, { start: true })).toEqual(expect.arrayContaining(['container.start', 'instance.healthy', 'instance.set-state']));
  });

  it('whose container somebody removed makes the new one', () => {
    const steps = does(observed({ container: undefined, drift: [] }));
    expect(steps.filter((step) => step === 'container.rename').length).toBe(1);
    expect(steps).not.toContain('container.stop');
  });

  it('that was taken and cut off then is tidied up, and nothing else', () => {
    expect(does(observed({ taken: true, leftovers: ['slipway-web.previous'] }))).toEqual([
      'instance.keep-log',
      'container.remove',
      'instance.untag-images',
      'instance.end-update',
    ]);
  });

  it('lacking a secret that the new version needs is refused before anything is done', () => {
    expect(() => does(observed({ missingSecrets: ['TOKEN'] }))).toThrow(expect.objectContaining({ code: 'E_NO_SECRET' }));
  });

  it('takes no snapshot where a volume stands in for the data folder', () => {
    const mounts = [{ type: 'volume', source: 'shop-data', target: '/data' }] as const;
    const now = observed();
    expect(does({ ...now, next: { ...now.next, mounts } })).not.toContain('instance.snapshot');
  });
});

it.each([
  ['shop:1', 'shop:2'],
  ['shop', 'shop:2'],
  ['registry:5000/shop', 'registry:5000/shop:2'],
  ['registry:5000/shop:1', 'registry:5000/shop:2'],
  [`shop@sha256:${'a'.repeat(64)}`, 'shop:2'],
])('%s with the tag 2 is %s', (reference, expected) => {
  expect(withTag(reference, '2')).toBe(expected);
});
