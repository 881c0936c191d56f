import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepArtifacts } from './artifacts.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-artifacts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

const tarOf =
  (...entries: readonly (readonly [Header, string?])[]) =>
  async (): Promise<Readable> => {
    const archive = pack();
    for (const [header, text] of entries) archive.entry(header, text ?? '');
    archive.finalize();
    return Readable.from(archive);
  };
const signal = new AbortController().signal;
const target = () => join(folder, 'kept');

test('what matches is kept with its exec bit, and in place of an earlier attempt', async () => {
  const first = tarOf([{ name: 'dist/old' }, 'old']);
  expect(await keepArtifacts(first, ['dist'], target(), signal)).toMatchObject({ files: 1, missing: [] });
  const second = tarOf(
    [{ name: 'dist/', type: 'directory', mode: 0o555 }],
    [{ name: 'dist/run', mode: 0o4755 }, '#!'],
    [{ name: 'dist/a\nb', mode: 0o600 }, 'x'],
  );
  const archiveOf = (path: string) => (path === 'dist' ? second() : Promise.resolve(undefined));
  expect(await keepArtifacts(archiveOf, ['dist', 'nothing/*'], target(), signal)).toEqual({ files: 2, bytes: 3, missing: ['nothing/*'], refused: [] });
  expect(readdirSync(join(target(), 'dist')).sort()).toEqual(['a\nb', 'run']);
  expect([statSync(join(target(), 'dist/run')).mode & 0o7777, statSync(join(target(), 'dist/a\nb')).mode & 0o7777]).toEqual([0o755, 0o644]);
  expect(readdirSync(folder)).toEqual(['kept']);
});

test('of a glob only what matches, from the folder before it', async () => {
  const asked: string[] = [];
  const archive = tarOf([{ name: 'reports/a.xml' }, 'a'], [{ name: 'reports/b.txt' }, 'b'], [{ name: 'reports/deep/c.xml' }, 'c']);
  const kept = await keepArtifacts(
    (path) => {
      asked.push(path);
      return archive();
    },
    ['reports/**/*.xml'],
    target(),
    signal,
  );
  expect([asked, kept.files]).toEqual([['reports'], 2]);
  expect(readdirSync(join(target(), 'reports'))).toEqual(['a.xml', 'deep']);
});

test('nothing leaves the folder: no path, no link, no device', async () => {
  const archive = tarOf(
    [{ name: '../../escaped' }, 'x'],
    [{ name: 'out/../../../escaped' }, 'x'],
    [{ name: 'out/file' }, 'inside'],
    [{ name: 'out/good', type: 'symlink', linkname: 'file' }],
    [{ name: 'out/absolute', type: 'symlink', linkname: '/etc/passwd' }],
    [{ name: 'out/up', type: 'symlink', linkname: '../../..' }],
    [{ name: 'out/d/here', type: 'symlink', linkname: '..' }],
    [{ name: 'out/chain', type: 'symlink', linkname: 'd/here/d/here/../../../etc' }],
    [{ name: 'out/same', type: 'link', linkname: 'out/file' }],
    [{ name: 'out/stolen', type: 'link', linkname: '../../../../etc/passwd' }],
    [{ name: 'out/device', type: 'character-device', devmajor: 1, devminor: 3 }],
    [{ name: 'out/pipe', type: 'fifo' }],
  );
  const kept = await keepArtifacts(archive, ['out'], target(), signal);
  expect(readdirSync(join(target(), 'out')).sort()).toEqual(['d', 'file', 'good', 'same']);
  expect([readFileSync(join(target(), 'out/good'), 'utf8'), readFileSync(join(target(), 'out/same'), 'utf8')]).toEqual(['inside', 'inside']);
  expect(kept.refused.length).toBe(8);
  expect(existsSync(join(folder, 'escaped'))).toBe(false);
});

test('an archive that breaks off leaves the earlier attempt as it was', async () => {
  await keepArtifacts(tarOf([{ name: 'dist/old' }, 'old']), ['dist'], target(), signal);
  const broken = async () =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(700, 'x');
        throw new Error('the engine is gone');
      })(),
    );
  await expect(keepArtifacts(broken, ['dist'], target(), signal)).rejects.toMatchObject({ code: 'E_STATE' });
  expect(readFileSync(join(target(), 'dist/old'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['kept']);
});
