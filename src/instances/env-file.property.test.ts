import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCharacter } from '../../test/any-character.ts';
import { numRuns } from '../../test/thorough.ts';
import { Secret } from '../state/secret.ts';
import { editEnv, parseEnv } from './env-file.ts';

const values = (text: string) => Object.fromEntries(Object.entries(parseEnv('.env', text)).map(([name, value]) => [name, value.reveal()]));
const set = (pairs: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, new Secret(value)]));

test('whatever is set is read again', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
  const value = fc.string({ unit: anyCharacter, maxLength: 40 }).filter((text) => !text.includes('\0'));
  const pairs = fc.dictionary(name, value, { noNullPrototype: true });
  fc.assert(
    fc.property(pairs, pairs, (first, second) => {
      expect(values(editEnv(editEnv('', set(first), []), set(second), []))).toEqual({ ...first, ...second });
    }),
    { numRuns: numRuns(10, 100) },
  );
});
