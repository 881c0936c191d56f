import { expect, test } from 'vitest';
import { shortHash } from './short-hash.ts';

// The values of the algorithm's own reference (Fowler, Noll, Vo).
test.each([
  ['', '811c9dc5'],
  ['a', 'e40c292c'],
  ['foobar', 'bf9cf968'],
])('the short hash of %j is FNV-1a', (text, hash) => {
  expect(shortHash(text)).toBe(hash);
});
