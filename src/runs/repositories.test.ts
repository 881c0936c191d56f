import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Paths } from '../state/paths.ts';
import { claimRepositoryName, repositoryName } from './repositories.ts';

let root: string;
let paths: Paths;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-repositories-'));
  paths = { config: join(root, 'config'), state: join(root, 'state'), cache: join(root, 'cache') };
});
afterEach(() => rmSync(root, { recursive: true }));

it.each([
  ['/src/demo/.git', 'demo'],
  ['/src/My Tool/.git', 'my-tool'],
  ['/srv/git/demo.git', 'demo'],
  ['/src/_a__b_/.git', 'a-b'],
  ['/src/日本/.git', 'repository'],
])('of %s is %s', async (home, name) => {
  expect(await repositoryName(paths, home)).toBe(name);
});

it('belongs to the first repository that has it; another gets digits of its path', async () => {
  expect(await claimRepositoryName(paths, '/one/demo/.git')).toBe('demo');
  expect(await claimRepositoryName(paths, '/two/demo/.git')).toMatch(/^demo-[0-9a-f]{8}$/);
  expect(await claimRepositoryName(paths, '/one/demo/.git')).toBe('demo');
});

it('goes to one of many that ask at the same time', async () => {
  const homes = Array.from({ length: 8 }, (_, index) => `/at/${index}/demo/.git`);
  const names = await Promise.all(homes.map((home) => claimRepositoryName(paths, home)));
  expect(new Set(names).size).toBe(8);
  expect(names.filter((name) => name === 'demo')).toHaveLength(1);
});

it('is never that of the folder of unfinished runs', async () => {
  expect(await claimRepositoryName(paths, '/src/open/.git')).toMatch(/^open-[0-9a-f]{8}$/);
});
