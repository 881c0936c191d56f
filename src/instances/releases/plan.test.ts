import { describe, expect, test } from 'vitest';
import type { ReleaseUse } from '../in-use.ts';
import { serviceFromFile } from './from-file.ts';
import type { Release } from './model.ts';
import { type BuildWanted, planBuild, planPrune, unusedReleases } from './plan.ts';

const engine = { kind: 'docker', endpoint: 'unix:///e', identity: 'e' } as const;

function release(version: string, service = 'web'): Release {
  return {
    service,
    version,
    builtAt: `2026-11-21T09:30:0${version.slice(1)}.000Z`,
    gitCommit: 'c'.repeat(40),
    repository: '/src/web',
    imageDigest: `sha256:${'1'.repeat(64)}`,
    files: {},
    digest: `sha256:${version.slice(1).repeat(64)}`,
    builtOn: engine,
    definition: serviceFromFile({}, service),
    directory: `/releases/${service}/${version}`,
  };
}

describe('a build', () => {
  const wanted = (definition: BuildWanted['definition']): BuildWanted => ({
    service: 'web',
    version: 'v1',
    repository: '/src/web',
    gitCommit: 'c'.repeat(40),
    definition,
  });
  const words = (definition: BuildWanted['definition']) => planBuild({ release: undefined, engine }, wanted(definition)).steps.map((step) => step.do);

  test.each<[string, BuildWanted['definition'], string]>([
    ['the Dockerfile', {}, 'release.build-image'],
    ['a command', { build: 'make', image: 'web:{version}' }, 'release.run-build'],
    ['an image', { image: 'nginx:1' }, 'release.pull-image'],
  ])('from %s', (_what, definition, made) => {
    expect(words(definition)).toEqual([
      'release.check-out',
      made,
      'release.save-image',
      'release.copy-files',
      'release.seal',
      'release.tidy',
      'release.publish',
    ]);
  });

  test('is published last, by its commit, and undone by what ends before', () => {
    const { steps, otherwise } = planBuild({ release: undefined, engine }, wanted({}));
    expect(steps.map(({ commit }) => commit === true)).toEqual([...steps.slice(1).map(() => false), true]);
    expect(otherwise).toEqual([{ do: 'release.discard', service: 'web', version: 'v1', engine }]);
  });

  test('of what is there does nothing', () => {
    expect(planBuild({ release: release('v1'), engine }, wanted({})).steps).toEqual([]);
  });
});

describe('pruning', () => {
  // As a list has them: newest first in each service.
  const entries = [...['v5', 'v4', 'v3', 'v2', 'v1'].map((one) => release(one)), release('v1', 'other')].map((one) => ({
    ref: { service: one.service, version: one.version },
    release: one,
  }));
  const use = (version: string, how: ReleaseUse['how']): ReleaseUse => ({ instance: 'prod', service: 'web', version, how });
  const facts = { entries, uses: [use('v1', 'rollback'), use('v2', 'current')], engines: [engine, { ...engine, endpoint: 'unix:///f' }], away: [] };
  const unused = (keep: number) => unusedReleases(facts, keep).unused.map(({ service, version }) => `${service} ${version}`);

  test.each([
    [5, []],
    [2, ['web v3']],
    [1, ['web v4', 'web v3']],
    [0, ['web v5', 'web v4', 'web v3', 'other v1']],
  ])('to %i keeps what instances need besides', (keep, expected) => {
    expect(unused(keep)).toEqual(expected);
  });

  test('takes names off the engines that may have it, then removes it', () => {
    expect(
      planPrune(facts, { keep: 2, instances: [] }).steps.map((step) => [step.do, (step.engine as unknown as typeof engine | undefined)?.endpoint]),
    ).toEqual([
      ['release.unload', 'unix:///e'],
      ['release.unload', 'unix:///f'],
      ['release.remove', undefined],
    ]);
  });

  test('leaves what cannot be read', () => {
    const broken = [{ ref: { service: 'web', version: 'v0' }, error: new Error('broken') }];
    expect(unusedReleases({ entries: broken, uses: [], engines: [], away: [] }, 0).unused).toEqual([]);
  });
});
