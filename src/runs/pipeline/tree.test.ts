import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../host/process.ts';
import { snapshotIfAny, writeSnapshot } from './snapshot.ts';
import { readTree, treeHash } from './tree.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-tree-'));
  mkdirSync(join(folder, '.slipway/lib'), { recursive: true });
  writeFileSync(join(folder, '.slipway/ci.ts'), 'one\n');
  writeFileSync(Buffer.concat([Buffer.from(join(folder, '.slipway/lib/')), Buffer.from([0xff, 0x0a])]), 'odd name\n');
  symlinkSync('ci.ts', join(folder, '.slipway/link'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hashOf = async (at = folder) => treeHash(await readTree(at));

it('a hash tells paths, modes and bytes, and nothing else', async () => {
  const before = await hashOf();
  utimesSync(join(folder, '.slipway/ci.ts'), 1, 1);
  chmodSync(join(folder, '.slipway/ci.ts'), 0o600);
  mkdirSync(join(folder, '.slipway/empty'));
  writeFileSync(join(folder, 'beside'), 'x');
  expect(await hashOf()).toBe(before);
});

it.each<[string, () => void]>([
  ['a byte', () => writeFileSync(join(folder, '.slipway/ci.ts'), 'two\n')],
  ['a mode', () => chmodSync(join(folder, '.slipway/ci.ts'), 0o755)],
  ['a path', () => writeFileSync(join(folder, '.slipway/new'), '')],
  ['a link', () => [rmSync(join(folder, '.slipway/link')), symlinkSync('lib', join(folder, '.slipway/link'))]],
  ['a link to a file', () => [rmSync(join(folder, '.slipway/link')), writeFileSync(join(folder, '.slipway/link'), 'ci.ts')]],
])('a hash changes with %s', async (_title, change) => {
  const before = await hashOf();
  change();
  expect(await hashOf()).not.toBe(before);
});

it('a file cannot pass for two: lengths are hashed too', () => {
  const file = (path: string, bytes: string) => ({ path: Buffer.from(path), mode: '100644' as const, bytes: Buffer.from(bytes) });
  expect(treeHash([file('a', 'x'), file('b', 'y')])).not.toBe(treeHash([file('a', 'x100644 1 1\nby')]));
});

it('a snapshot is the tree again, wherever it is written from', async () => {
  const paths = { config: '', state: '', cache: join(folder, 'cache') };
  const files = await readTree(folder);
  const [one, two] = await Promise.all([writeSnapshot(paths, treeHash(files), files), writeSnapshot(paths, treeHash(files), files)]);
  expect(one).toBe(two);
  expect(await hashOf(one)).toBe(await hashOf());
  expect(await snapshotIfAny(paths, await hashOf())).toBe(one);
  expect(await snapshotIfAny(paths, '0'.repeat(64))).toBeUndefined();
});

it('what no commit can hold is refused', async () => {
  await run(['mkfifo', join(folder, '.slipway/pipe')]);
  await expect(readTree(folder)).rejects.toMatchObject({
    code: 'E_PIPELINE_INVALID',
    message: '.slipway/pipe: is neither a file nor a link, so no commit can hold it: remove it',
  });
});

it('a folder with packages in it is refused', async () => {
  writeFileSync(join(folder, '.slipway/big'), Buffer.alloc(17 * 1_048_576));
  await expect(readTree(folder)).rejects.toMatchObject({ code: 'E_PIPELINE_INVALID', message: expect.stringContaining('16 MiB') });
});
