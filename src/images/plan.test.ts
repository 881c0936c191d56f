import { describe, expect, it } from 'vitest';
import type { LayerImage, LayerInputs } from './model.ts';
import { projectImages } from './observe.ts';
import { type BuildWanted, planBuild, requestedRefresh } from './plan.ts';
import { sampleBase, sampleImages, sampleInputs, sampleWanted } from './sample-inputs.ts';

const built = sampleImages(sampleWanted());
const wanted: BuildWanted = { project: 'demo', base: 'debian-bookworm', dev: false, top: 'all', agents: false, fullRebuild: false, stamp: 'now' };

interface Case {
  readonly inputs?: Partial<LayerInputs>;
  readonly images?: readonly LayerImage[];
  readonly baseId?: string | null;
  readonly wanted?: Partial<BuildWanted>;
}

function plan({ inputs = {}, images = built, baseId = sampleBase, wanted: changes = {} }: Case) {
  const asked = { ...wanted, ...changes };
  const state = projectImages({ ...sampleInputs, ...inputs }, 'install-1', images, baseId ?? undefined, {
    dev: asked.dev || asked.top === 'dev',
    refresh: requestedRefresh(asked),
  });
  return planBuild(state, asked);
}

/** `build l1-cli`, `name demo:l2-cli`. */
const words = (steps: ReturnType<typeof plan>['steps']) =>
  steps.map(
    (step) =>
      `${step.do.slice('image.'.length)} ${String(step.do === 'image.name' ? step.alias : (step.layer ?? step.reference ?? step.tag))}${step.noCache ? ' anew' : ''}${step.optional ? ' if it can' : ''}`,
  );

const names = ['name slipway-l0:debian-bookworm', 'name slipway-l1-cli:debian-bookworm', 'name demo:l2-cli'];

describe('build', () => {
  it('does nothing where all match', () => {
    expect(plan({})).toEqual({ steps: [] });
  });

  it('makes every layer the first time, names last', () => {
    expect(words(plan({ images: [] }).steps)).toEqual(['build l0', 'build l1-cli', 'build l2-cli', ...names]);
  });

  it('pulls a base that is not there', () => {
    const { steps } = plan({ images: [], baseId: null });
    expect(words(steps)).toEqual(['pull debian:bookworm', 'build l0', 'build l1-cli', 'build l2-cli', ...names]);
    expect(steps.some((step) => step.fingerprint !== undefined)).toBe(false);
  });

  it('makes a bootstrapped base that is not there', () => {
    const base = { bootstrap: 'debian', suite: 'bookworm', packages: [], components: [] } as const;
    expect(words(plan({ images: [], baseId: null, inputs: { base: 'slipway-base:bookworm-1', bootstrap: base } }).steps)[0]).toBe(
      'bootstrap slipway-base:bookworm-1',
    );
  });

  it('needs no base where L0 stands already', () => {
    expect(words(plan({ baseId: null, inputs: { snippet: 'RUN echo other' } }).steps)).toEqual(['build l2-cli', 'name demo:l2-cli']);
  });

  it('builds L2 alone for a snippet', () => {
    expect(words(plan({ inputs: { snippet: 'RUN echo other' } }).steps)).toEqual(['build l2-cli', 'name demo:l2-cli']);
  });

  it('only moves the name back where the old snippet returns', () => {
    const other = sampleImages(sampleWanted({ snippet: 'RUN echo other' })).filter(({ layer }) => layer === 'l2-cli');
    const moved = built.map((image) => (image.layer === 'l2-cli' ? { ...image, tags: image.tags.filter((tag) => tag !== 'demo:l2-cli') } : image));
    expect(words(plan({ images: [...other, ...moved] }).steps)).toEqual(['name demo:l2-cli']);
  });

  it('--agents makes L1 anew and what stands on it', () => {
    const { steps } = plan({ wanted: { agents: true } });
    expect(words(steps)).toEqual(['build l1-cli anew', 'build l2-cli', ...names.slice(1)]);
    expect(steps[0]?.refresh).toEqual({ l1: 'now' });
  });

  it('--full-rebuild pulls the base where it can and makes everything anew', () => {
    expect(words(plan({ wanted: { fullRebuild: true } }).steps)).toEqual([
      'pull debian:bookworm if it can',
      'build l0 anew',
      'build l1-cli anew',
      'build l2-cli anew',
      ...names,
    ]);
  });

  it('--dev adds L2-dev', () => {
    expect(words(plan({ wanted: { dev: true } }).steps)).toEqual(['build l2-dev', 'name demo:l2-dev']);
  });

  it('a shell needs no agents', () => {
    expect(words(plan({ images: [], wanted: { top: 'dev' } }).steps)).toEqual([
      'build l0',
      'build l2-dev',
      'name slipway-l0:debian-bookworm',
      'name demo:l2-dev',
    ]);
  });

  it('goes back by removing what was left unfinished', () => {
    expect(plan({ images: [] }).otherwise).toEqual([{ do: 'image.discard', project: 'demo' }]);
  });

  it('is plain data', () => {
    const made = plan({ images: [], wanted: { fullRebuild: true } });
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });
});
