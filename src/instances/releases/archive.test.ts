import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readImageArchive } from './archive.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-archive-'));
  file = join(folder, 'image.tar');
});
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const config = '{"architecture":"amd64"}';
const manifest = (layers: readonly string[], name = `${sha256(config)}.json`) => JSON.stringify([{ Config: name, RepoTags: null, Layers: layers }]);

async function write(entries: Readonly<Record<string, string | Buffer>>): Promise<void> {
  const archive = pack();
  const done = finished(archive.pipe(createWriteStream(file)));
  for (const [name, content] of Object.entries(entries)) archive.entry({ name }, content as string);
  archive.finalize();
  await done;
}

test('gives its checksum, and the id that an engine gives the image', async () => {
  await write({ 'a/layer.tar': Buffer.alloc(3_000_000, 7), [`${sha256(config)}.json`]: config, 'manifest.json': manifest(['a/layer.tar']) });
  expect(await readImageArchive(file)).toEqual({
    checksum: `sha256:${sha256(readFileSync(file))}`,
    imageDigest: `sha256:${sha256(config)}`,
    problem: undefined,
  });
});

test('reads one that keeps everything by its digest', async () => {
  const name = `blobs/sha256/${sha256(config)}`;
  await write({ [name]: config, 'blobs/sha256/layer': 'l', 'manifest.json': manifest(['blobs/sha256/layer'], name) });
  expect((await readImageArchive(file)).imageDigest).toBe(`sha256:${sha256(config)}`);
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['nothing', {}, /no manifest\.json/],
  ['no layer', { [`${sha256(config)}.json`]: config, 'manifest.json': manifest(['gone.tar']) }, /gone\.tar is not in it/],
  ['no configuration', { 'a.tar': 'l', 'manifest.json': manifest(['a.tar']) }, /\.json is not in it/],
  ['another configuration', { [`${sha256(config)}.json`]: '{}', 'a.tar': 'l', 'manifest.json': manifest(['a.tar']) }, /not what its name says/],
  ['no image', { 'manifest.json': '[]' }, /does not tell of one image/],
  ['nonsense', { 'manifest.json': '[{}]' }, /names no configuration/],
])('with %s in it, it is broken', async (_what, entries, problem) => {
  await write(entries);
  const found = await readImageArchive(file);
  expect([found.imageDigest, found.problem]).toEqual([undefined, expect.stringMatching(problem)]);
});

test('cut off, it is broken, and has a checksum all the same', async () => {
  await write({ 'a/layer.tar': Buffer.alloc(3_000_000, 7), [`${sha256(config)}.json`]: config, 'manifest.json': manifest(['a/layer.tar']) });
  truncateSync(file, 1_500_000);
  const found = await readImageArchive(file);
  expect([found.imageDigest, found.problem, found.checksum]).toEqual([undefined, expect.any(String), `sha256:${sha256(readFileSync(file))}`]);
});

test('no tar at all is broken', async () => {
  writeFileSync(file, Buffer.alloc(5_000_000, 'no tar '));
  expect(await readImageArchive(file)).toMatchObject({ imageDigest: undefined, problem: expect.stringContaining('not a tar archive') });
});
