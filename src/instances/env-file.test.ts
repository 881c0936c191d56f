import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret } from '../state/secret.ts';
import { editEnv, parseEnv } from './env-file.ts';

const values = (text: string) => Object.fromEntries(Object.entries(parseEnv('.env', text)).map(([name, value]) => [name, value.reveal()]));
const set = (pairs: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, new Secret(value)]));

describe('.env is read', () => {
  test.each([
    ['A=1', { A: '1' }],
    ['export A = two words ', { A: 'two words' }],
    [`A='as $it \\n stands' # why`, { A: 'as $it \\n stands' }],
    ['A="tab\\tline\\nquote\\"back\\\\"', { A: 'tab\tline\nquote"back\\' }],
    ['A=a#b=c', { A: 'a#b=c' }],
    ['# A=1\n\nB=\n', { B: '' }],
    ['A=1\nA=2\n', { A: '2' }],
    ['\uFEFFA=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ])('%j', (text, expected) => expect(values(text)).toEqual(expected));

  test.each(['A', '=1', '1A=2', 'A-B=1', "A='open", 'A="open', "A='a' b"])('%j is a mistake that is named by its line and not shown', (line) => {
    expect(() => parseEnv('/x/.env', `OK=1\n${line}\n`)).toThrow(
      expect.objectContaining({ code: 'E_BAD_FILE', message: expect.stringMatching(/^\/x\/\.env:2: expected NAME=value/) as string }),
    );
  });

  test('a value does not show itself', () => {
    const parsed = parseEnv('.env', 'A=hidden');
    expect([String(parsed['A']), JSON.stringify(parsed), inspect(parsed)].join()).not.toContain('hidden');
  });
});

describe('.env is edited', () => {
  test('comments, blank lines and order stay', () => {
    expect(editEnv('# first\nA=1\n\nB=2 \n# last\n', set({ B: 'new', C: "it's" }), ['A'])).toBe(`# first\n\nB=new\n# last\nC="it's"\n`);
  });

  test('of a name that stands twice one line is left', () => {
    expect(editEnv('A=1\nB=2\nA=3\n', set({ A: '4' }), [])).toBe('B=2\nA=4\n');
  });
});
