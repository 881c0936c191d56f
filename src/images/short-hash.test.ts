import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortHash } from './short-hash.ts';

const wanted = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

test('the short hash is the beginning of SHA-256, of any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => shortHash(text) === wanted(text)));
});

test('also where the text fills a block or does not', () => {
  const texts = Array.from({ length: 140 }, (_, length) => 'a'.repeat(length));
  expect(texts.map(shortHash)).toEqual(texts.map(wanted));
});
