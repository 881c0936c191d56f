import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentOf } from '../../../test/git-repository.ts';
import { copyFiles } from './copy-files.ts';

let folder: string;
const tree = () => join(folder, 'tree');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-files-'));
  for (const [path, mode] of Object.entries({ 'bin/a': 0o700, 'bin/b.txt': 0o600, 'conf/x.yml': 0o644, 'conf/deep/y.yml': 0o644, top: 0o644 })) {
    mkdirSync(dirname(join(tree(), path)), { recursive: true });
    writeFileSync(join(tree(), path), `${path}\n`, { mode });
  }
  mkdirSync(join(tree(), 'conf/empty'));
  symlinkSync('../bin/a', join(tree(), 'conf/link'));
  symlinkSync('bin', join(tree(), 'folder'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const copied = async (...patterns: readonly string[]) => {
  await copyFiles(tree(), patterns, join(folder, 'to'), new AbortController().signal);
  return contentOf(join(folder, 'to'));
};

test.each<[readonly string[], Readonly<Record<string, string>>]>([
  [[], {}],
  [['bin'], { 'bin/a': 'x bin/a\n', 'bin/b.txt': '- bin/b.txt\n' }],
  [['conf/*.yml', 'top'], { 'conf/x.yml': '- conf/x.yml\n', top: '- top\n' }],
  [['conf/**/*.yml'], { 'conf/x.yml': '- conf/x.yml\n', 'conf/deep/y.yml': '- conf/deep/y.yml\n' }],
  [['conf/empty', 'conf/link'], { 'conf/empty': 'd', 'conf/link': '-> ../bin/a' }],
  [['folder'], { folder: '-> bin' }],
])('%j', async (patterns, expected) => {
  expect(await copied(...patterns)).toEqual(Object.fromEntries(Object.entries(expected).sort(([a], [b]) => (a < b ? -1 : 1))));
});

test.each(['.', './', '**'])('%j is the whole tree', async (pattern) => {
  expect(Object.keys(await copied(pattern))).toEqual(['bin/a', 'bin/b.txt', 'conf/deep/y.yml', 'conf/empty', 'conf/link', 'conf/x.yml', 'folder', 'top']);
});

test.each([[['nowhere']], [['bin', '*.none']], [['folder/a']], [['top/below']]])('%j names nothing', async (patterns) => {
  await expect(copied(...patterns)).rejects.toMatchObject({ code: 'E_RELEASE_FILES' });
});

test.each([
  ['/etc/passwd'],
  ['../../outside'],
  ['conf/../../tree2'],
  // By another link.
  ['folder/../../outside'],
])('a link to %s leads out', async (target) => {
  symlinkSync(target, join(tree(), 'out'));
  await expect(copied('out')).rejects.toMatchObject({ code: 'E_RELEASE_FILES' });
});

test('a link by a link that leads out leads out', async () => {
  symlinkSync('/etc', join(tree(), 'etc'));
  symlinkSync('etc/passwd', join(tree(), 'by'));
  await expect(copied('by')).rejects.toMatchObject({ code: 'E_RELEASE_FILES' });
});

test('a pipe is nothing that a release can hold', async () => {
  execFileSync('mkfifo', [join(tree(), 'bin/pipe')]);
  await expect(copied('bin')).rejects.toMatchObject({ code: 'E_RELEASE_FILES' });
});
