import { expect, test } from 'vitest';
import { pathPatterns } from './path-patterns.ts';

test.each([
  ['dist', ['dist', 'dist/a', 'dist/a/b'], ['dist2', 'x/dist', 'dis']],
  ['./dist/', ['dist/a'], ['a']],
  ['*.xml', ['a.xml', '.xml', 'a.xml/inside'], ['a/b.xml', 'axml']],
  ['reports/**/*.xml', ['reports/a.xml', 'reports/x/y/a.xml'], ['a.xml', 'reports/a.txt']],
  ['**/*.log', ['a.log', 'x/a.log'], ['a.log2']],
  ['out/**', ['out/a', 'out/a/b'], ['other/a']],
  ['a?c', ['abc'], ['ac', 'a/c']],
  ['[a-c]x', ['bx'], ['dx']],
  ['[!a]x', ['bx'], ['ax', '/x']],
  ['lib.{so,a}', ['lib.so', 'lib.a'], ['lib.o']],
  ['{a*,b}/c', ['ax/c', 'b/c'], ['c/c']],
  ['a+b(c)', ['a+b(c)'], ['aab(c)']],
  ['with [bracket', ['with [bracket'], ['with bracket']],
  ['two\nlines/*', ['two\nlines/a'], ['two']],
])('%s', (pattern, taken, left) => {
  const { matching } = pathPatterns([pattern]);
  expect(taken.filter((path) => matching(path).length > 0)).toEqual(taken);
  expect(left.filter((path) => matching(path).length > 0)).toEqual([]);
});

test('archives are asked for as little as holds everything, once', () => {
  expect(pathPatterns(['dist', 'dist/sub/*.js', 'reports/a/*.xml', 'reports/b']).bases).toEqual(['dist', 'reports/a', 'reports/b']);
  expect(pathPatterns(['dist', '**/*.xml']).bases).toEqual(['']);
});
