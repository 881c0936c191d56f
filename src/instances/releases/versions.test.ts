import { expect, test } from 'vitest';
import { newestOf } from './versions.ts';

const tags = (...names: readonly string[]) => names.map((version, at) => ({ version, at }));

test.each([
  ['by version, not by date', tags('v1.10.0', 'v1.9.0', 'v1.2.3'), 'v1.10.0'],
  ['with and without a v', tags('v1.0.0', '2.0.0', 'v1.5.0'), '2.0.0'],
  ['a finished one before a later prerelease', tags('v1.0.0', 'v2.0.0-rc.1'), 'v1.0.0'],
  ['the latest prerelease where there is nothing else', tags('v2.0.0-rc.2', 'v2.0.0-rc.10', 'v2.0.0-beta'), 'v2.0.0-rc.10'],
  ['a version before a newer tag that is none', tags('v1.0.0', 'nightly'), 'v1.0.0'],
  ['by date where none is a version', tags('spring', 'summer', 'autumn'), 'autumn'],
])('the newest tag is %s', async (_what, known, newest) => {
  expect((await newestOf(known))?.version).toBe(newest);
});

test('there is none without tags', async () => {
  expect(await newestOf([])).toBeUndefined();
});
