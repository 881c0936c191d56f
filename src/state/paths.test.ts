import { expect, test } from 'vitest';
import { resolvePaths } from './paths.ts';

test('state and cache are never one directory: a run that ends clears its part of the cache', () => {
  expect(() => resolvePaths({ SLIPWAY_STATE_DIR: '/srv/slipway', SLIPWAY_CACHE_DIR: '/srv/./slipway/' }, '/root', true)).toThrow(
    expect.objectContaining({ code: 'E_SAME_DIRECTORY', exitCode: 2 }),
  );
  expect(() => resolvePaths({ XDG_DATA_HOME: '/srv', XDG_CACHE_HOME: '/srv' }, '/home/ada', false)).toThrow(/one directory, \/srv\/slipway/);
  expect(resolvePaths({ SLIPWAY_STATE_DIR: '/srv/state', SLIPWAY_CACHE_DIR: '/srv/cache' }, '/root', true)).toMatchObject({ state: '/srv/state' });
});
