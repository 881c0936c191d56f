import { describe, expect, it } from 'vitest';
import type { LayerImage, LayerInputs } from './model.ts';
import { projectImages } from './observe.ts';
import { type PruneFacts, planPrune, unusedImages } from './prune.ts';
import { sampleBase, sampleImages, sampleInputs, sampleWanted } from './sample-inputs.ts';

const otherSnippet: Partial<LayerInputs> = { snippet: 'RUN echo other' };
const otherAgents: Partial<LayerInputs> = { agents: sampleInputs.agents.slice(0, 1) };
const current = sampleImages(sampleWanted());
/** What an earlier recipe left: an L1 of its own and an L2 on it; the names have moved on. */
const older = sampleImages(sampleWanted(otherAgents))
  .filter(({ layer }) => layer !== 'l0')
  .map((image) => ({ ...image, tags: image.tags.filter((tag) => tag.includes('fp-')) }));
const oldTop = older[1] as LayerImage;

function facts(changes: Partial<PruneFacts> = {}, inputs: Partial<LayerInputs> = {}): PruneFacts {
  const layers = changes.layers ?? [...current, ...older];
  return {
    layers,
    bases: [],
    services: [],
    projects: [projectImages({ ...sampleInputs, ...inputs }, 'install-1', layers, sampleBase)],
    unreadable: [],
    inUse: [],
    openOperations: [],
    ...changes,
  };
}

const ids = (given: PruneFacts) => unusedImages(given).map(({ id }) => id);

describe('prune', () => {
  it('removes what no project needs, tops before what they stand on', () => {
    expect(ids(facts())).toEqual([older[1]?.id, older[0]?.id]);
  });

  it('keeps what a project uses until its next build', () => {
    expect(ids(facts({ layers: current }, otherSnippet))).toEqual([]);
  });

  it("keeps the image of a container, stopped or a stranger's, and the layers below it", () => {
    expect(ids(facts({ inUse: [oldTop.id.replace('sha256:', '')] }))).toEqual([]);
  });

  it('keeps what an operation at work has made', () => {
    const fresh = older.map((image) => ({ ...image, operation: 'op-open' }));
    expect(ids(facts({ layers: [...current, ...fresh], openOperations: ['op-open'] }))).toEqual([]);
  });

  it('keeps every L2 of a project whose files cannot be read', () => {
    expect(ids(facts({ projects: [], unreadable: ['demo'] }))).toEqual([]);
  });

  it('removes all of a project that is gone', () => {
    expect(ids(facts({ projects: [], layers: current }))).toEqual([current[2]?.id, current[1]?.id, current[0]?.id]);
  });

  it('leaves an image alone that a person gave a name of their own', () => {
    const named = older.map((image) => ({ ...image, tags: [...image.tags, 'mine:1'] }));
    expect(ids(facts({ layers: [...current, ...named] }))).toEqual([]);
  });

  it('removes leftovers without a name', () => {
    const leftover = { ...oldTop, id: 'sha256:left', tags: [], tagged: false };
    expect(ids(facts({ layers: [...current, leftover] }))).toEqual(['sha256:left']);
  });

  it('removes a bootstrapped base that no project has any more', () => {
    const bases = [
      { id: sampleBase, tags: ['slipway-base:a'], sizeBytes: 1, operation: 'op-1' },
      { id: 'sha256:base-9', tags: ['slipway-base:b'], sizeBytes: 1, operation: 'op-1' },
    ];
    expect(ids(facts({ layers: current, bases }))).toEqual(['sha256:base-9']);
  });

  it("removes a service's image that no container uses, and no instance has given a name", () => {
    const image = { sizeBytes: 1, operation: 'op-1', service: 'opencode', fingerprint: 'a', base: undefined };
    const services = [
      { ...image, id: 'sha256:used', tags: ['slipway-opencode:2'] },
      { ...image, id: 'sha256:kept', tags: ['slipway-opencode:1', 'slipway-instance/opencode:4f'] },
      { ...image, id: 'sha256:spare', tags: ['slipway-opencode:0'] },
      { ...image, id: 'sha256:new', tags: [], operation: 'op-open' },
    ];
    expect(ids(facts({ layers: current, services, inUse: ['used'], openOperations: ['op-open'] }))).toEqual(['sha256:spare']);
  });

  it("keeps the base that a service's image stands on", () => {
    const bases = [{ id: 'sha256:base-9', tags: ['slipway-base:b'], sizeBytes: 1, operation: 'op-1' }];
    const service = {
      id: 'sha256:service',
      tags: ['slipway-opencode:1'],
      sizeBytes: 1,
      operation: 'op-1',
      service: 'opencode',
      fingerprint: 'a',
      base: 'sha256:base-9',
    };
    expect(ids(facts({ layers: current, bases, services: [service], inUse: ['service'] }))).toEqual([]);
    expect(ids(facts({ layers: current, bases, services: [service] }))).toEqual(['sha256:service', 'sha256:base-9']);
  });

  it('plans by image and by the names that it saw', () => {
    expect(planPrune(facts()).steps[0]).toEqual({ do: 'image.remove', image: oldTop.id, name: oldTop.tags[0], tags: oldTop.tags });
  });
});
