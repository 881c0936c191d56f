import { describe, expect, it } from 'vitest';
import type { LayerImage, LayerInputs, ProjectImages } from './model.ts';
import { projectImages } from './observe.ts';
import { sampleBase, sampleImages, sampleInputs, sampleWanted } from './sample-inputs.ts';
import { containerStaleness } from './staleness.ts';

const built = sampleImages(sampleWanted());

const look = (changes: Partial<LayerInputs> = {}, images: readonly LayerImage[] = built, baseId: string | undefined = sampleBase): ProjectImages =>
  projectImages({ ...sampleInputs, ...changes }, 'install-1', images, baseId);

const states = (project: ProjectImages) =>
  Object.fromEntries(project.layers.map(({ layer, state, reasons }) => [layer, state === 'fresh' ? 'fresh' : `${state}: ${reasons.join('; ')}`]));

const changedClaude: Partial<LayerInputs> = {
  agents: [{ name: 'claude', node: '>=18', install: ['npm install -g claude-cli@2'] }, ...sampleInputs.agents.slice(1)],
};

describe('layers of a project', () => {
  it('are missing before the first build, with the command that makes them', () => {
    const { layers } = look({}, []);
    expect(layers.map(({ state, fix }) => [state, fix])).toEqual(Array(3).fill(['missing', 'slipway build demo']));
  });

  it('are fresh after a build', () => {
    expect(states(look())).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
  });

  it('a snippet change marks L2 alone', () => {
    expect(states(look({ snippet: 'RUN echo other' }))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'stale: snippet changed' });
  });

  it("an agent's change marks L1 and what stands on it", () => {
    expect(states(look(changedClaude))).toEqual({ l0: 'fresh', 'l1-cli': 'stale: agent claude changed', 'l2-cli': 'stale: layer L1 changed below it' });
  });

  it('one agent more or less is told by its name', () => {
    expect(states(look({ agents: sampleInputs.agents.slice(0, 1) }))['l1-cli']).toBe('stale: Node.js set-up changed; agent codex removed');
    expect(states(look({ agents: [...sampleInputs.agents, { name: 'own', node: undefined, install: ['true'] }] }))['l1-cli']).toBe('stale: agent own added');
  });

  it('a base change marks all', () => {
    expect(states(look({}, built, 'sha256:base-2'))).toEqual({
      l0: 'stale: base image changed',
      'l1-cli': 'stale: layer L0 changed below it',
      'l2-cli': 'stale: layer L1 changed below it',
    });
  });

  it('rebuilding L2 alone never hides a stale L1', () => {
    const rebuilt = sampleImages(sampleWanted({ snippet: 'RUN echo other' })).filter(({ layer }) => layer === 'l2-cli');
    const now = look({ ...changedClaude, snippet: 'RUN echo other' }, [...rebuilt, ...built]);
    expect(states(now)).toEqual({ l0: 'fresh', 'l1-cli': 'stale: agent claude changed', 'l2-cli': 'stale: layer L1 changed below it' });
  });

  it('two projects with different agents never make each other stale', () => {
    const other: Partial<LayerInputs> = { project: 'other', ownAgents: true, agents: sampleInputs.agents.slice(1) };
    const images = [...sampleImages(sampleWanted(other), 'other').filter(({ layer }) => layer !== 'l0'), ...built];
    expect(states(look({}, images))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
    expect(states(look(other, images))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
  });

  it("agents that were refreshed stay fresh in later looks, and make the other projects' L2 stale", () => {
    const refreshed = sampleImages(sampleWanted({}, { refresh: { l1: 'stamp' } })).filter(({ layer }) => layer !== 'l0');
    const others = sampleImages(sampleWanted({ project: 'other' }), 'other').filter(({ layer }) => layer === 'l2-cli');
    const before = built.map((image) => (image.layer === 'l0' ? image : { ...image, tags: image.tags.filter((tag) => tag.includes('fp-')) }));
    expect(states(look({}, [...refreshed, ...others, ...before]))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
    expect(states(look({ project: 'other' }, [...refreshed, ...others, ...before]))).toEqual({
      l0: 'fresh',
      'l1-cli': 'fresh',
      'l2-cli': 'stale: layer L1 changed below it',
    });
  });

  it('a base that was removed after the build has not changed', () => {
    expect(states(projectImages(sampleInputs, 'install-1', built, undefined))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
  });

  it('a name that another install took makes nothing stale', () => {
    const stolen = built.map((image) => ({ ...image, tags: image.tags.filter((tag) => tag.includes('fp-')) }));
    expect(states(look({}, stolen))).toEqual({ l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' });
  });

  it("a person's own image on top of a layer, which inherits its labels, is not the layer", () => {
    const own = { ...(built[2] as LayerImage), id: 'sha256:own', tags: ['mine:1'], tagged: false };
    expect(look({}, [own, ...built]).layers[2]?.image?.id).toBe(built[2]?.id);
  });
});

describe('a container', () => {
  const image = (layer: string) => built.find((candidate) => candidate.layer === layer)?.id ?? '';

  it('of the image that is wanted is fresh', () => {
    expect(containerStaleness(look(), image('l2-cli'))).toEqual({ state: 'fresh', reasons: [], built: true });
  });

  it('is stale for the reasons of each layer, also before the next build', () => {
    expect(containerStaleness(look({ ...changedClaude, snippet: 'RUN echo other' }), image('l2-cli'))).toEqual({
      state: 'stale',
      reasons: ['L1: agent claude changed', 'L2: snippet changed'],
      built: false,
    });
  });

  it('stays stale after the build until it is made anew', () => {
    const images = [...sampleImages(sampleWanted({ snippet: 'RUN echo other' })), ...built];
    expect(containerStaleness(look({ snippet: 'RUN echo other' }, images), image('l2-cli'))).toEqual({
      state: 'stale',
      reasons: ['L2: snippet changed'],
      built: true,
    });
  });

  it('is told of a base change', () => {
    expect(containerStaleness(look({}, built, 'sha256:base-2'), image('l2-cli')).reasons).toEqual(['L0: base image changed']);
  });

  it('whose lower layers were removed meanwhile is told as much as is known', () => {
    const images = [...sampleImages(sampleWanted(changedClaude)), ...built.filter(({ layer }) => layer !== 'l1-cli')];
    expect(containerStaleness(look(changedClaude, images), image('l2-cli')).reasons).toEqual(['L1: changed']);
  });

  it('whose image is gone is stale', () => {
    expect(containerStaleness(look(), 'sha256:gone')).toEqual({ state: 'stale', reasons: ['its image is no longer there'], built: true });
  });
});
