import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readYamlCached } from './yaml-cache.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-yaml-cache-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const schema = vi.fn(async () => v.strictObject({ a: v.number() }));
const read = (name = 'x', file = join(home, 'f.yml')) => readYamlCached({ config: home, state: home, cache: join(home, 'cache') }, name, file, schema);
const write = (text: string, file = 'f.yml') => writeFileSync(join(home, file), text);

test('a text is parsed once, and again when it changes, to the same length and within the same second too', async () => {
  write('a: 1\n');
  schema.mockClear();
  expect(await read()).toEqual({ a: 1 });
  expect(await read()).toEqual({ a: 1 });
  expect(schema).toHaveBeenCalledTimes(1);
  write('a: 2\n');
  expect(await read()).toEqual({ a: 2 });
  expect(schema).toHaveBeenCalledTimes(2);
});

test('a mistake is never kept, and a file that is gone is gone', async () => {
  write('a: 1\n');
  await read();
  write('a: x\n');
  await expect(read()).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  await expect(read()).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  rmSync(join(home, 'f.yml'));
  expect(await read()).toBeUndefined();
});

test('one name may stand for two files with one text', async () => {
  write('a: 1\n');
  write('a: 1\n', 'g.yml');
  schema.mockClear();
  await read();
  await read('x', join(home, 'g.yml'));
  expect(schema).toHaveBeenCalledTimes(2);
});

test.each(['', '{', 'null', '{"by":"x"}', '[]'])('an entry that holds %j is as good as none', async (text) => {
  write('a: 1\n');
  mkdirSync(join(home, 'cache/parsed'), { recursive: true });
  writeFileSync(join(home, 'cache/parsed/x.json'), text);
  expect(await read()).toEqual({ a: 1 });
  expect(readdirSync(join(home, 'cache/parsed'))).toEqual(['x.json']);
});

test('an entry of another build is not used', async () => {
  write('a: 1\n');
  await read();
  const entry = join(home, 'cache/parsed/x.json');
  writeFileSync(entry, JSON.stringify({ ...JSON.parse(readFileSync(entry, 'utf8')), by: '0.0.0 1', value: { a: 'old' } }));
  expect(await read()).toEqual({ a: 1 });
});

test('a cache that cannot be written changes nothing', async () => {
  write('a: 1\n');
  write('', 'cache');
  expect(await read()).toEqual({ a: 1 });
  expect(existsSync(join(home, 'cache/parsed'))).toBe(false);
});
