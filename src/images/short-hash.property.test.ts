import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numRuns } from '../../test/thorough.ts';
import { shortHash } from './short-hash.ts';

const wanted = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

test('the short hash is the beginning of SHA-256, of any text', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(texts, (text) => shortHash(text) === wanted(text)),
    { numRuns: numRuns(20, 200) },
  );
});

test('also where the text fills a block or does not', () => {
  const texts = Array.from({ length: 140 }, (_, length) => 'a'.repeat(length));
  expect(texts.map(shortHash)).toEqual(texts.map(wanted));
});
