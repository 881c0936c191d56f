import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';

/** A directory as a build context for the API: without what `.dockerignore` names, but always with the Dockerfile. Owned by root, as the engines' programs send it. */
export async function packContext(directory: string, dockerfile = 'Dockerfile'): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const ignored = await readIgnore(directory, dockerfile);
  const archive = pack();
  return sent(archive, addDirectory(archive, directory, '', ignored));
}

/** A file or folder as `containers.archiveOut` gives one: its own name on top. */
export async function packTree(path: string): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  return sent(
    archive,
    addPath(archive, dirname(path), basename(path), () => false),
  );
}

function sent(archive: Pack, added: Promise<void>): Readable {
  void added.then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive);
}

type Header = Parameters<Pack['entry']>[0];
type Ignored = (path: string, isDirectory: boolean) => boolean;

async function readIgnore(directory: string, dockerfile: string): Promise<Ignored> {
  const text = await readFile(join(directory, `${dockerfile}.dockerignore`), 'utf8').catch(() =>
    readFile(join(directory, '.dockerignore'), 'utf8').catch(() => undefined),
  );
  if (text === undefined) return () => false;
  const { default: ignore } = await import('@balena/dockerignore');
  const rules = ignore.default().add(text);
  // A directory is walked even if it is ignored where a later rule takes something back.
  const hasExceptions = /^\s*!/m.test(text);
  return (path, isDirectory) => path !== dockerfile && path !== '.dockerignore' && rules.ignores(path) && !(isDirectory && hasExceptions);
}

async function addDirectory(archive: Pack, root: string, relative: string, ignored: Ignored): Promise<void> {
  for (const name of (await readdir(join(root, relative))).sort()) await addPath(archive, root, relative === '' ? name : `${relative}/${name}`, ignored);
}

async function addPath(archive: Pack, root: string, path: string, ignored: Ignored): Promise<void> {
  const file = join(root, path);
  const stat = await lstat(file);
  if (ignored(path, stat.isDirectory())) return;
  const header = { name: path, mode: stat.mode & 0o7777, mtime: stat.mtime, uid: 0, gid: 0 };
  if (stat.isDirectory()) {
    await addEntry(archive, { ...header, type: 'directory' });
    await addDirectory(archive, root, path, ignored);
  } else if (stat.isSymbolicLink()) {
    await addEntry(archive, { ...header, type: 'symlink', linkname: await readlink(file) });
  } else if (stat.isFile()) {
    await addFile(archive, { ...header, size: stat.size }, file);
  }
}

function addFile(archive: Pack, header: Header & { readonly size: number }, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry = archive.entry(header, (error) => (error ? reject(error) : resolve()));
    if (header.size === 0) return void entry.end(undefined);
    // A file that grows while it is read would break the archive: no more than was promised.
    const source = createReadStream(file, { end: header.size - 1 });
    source.on('error', reject);
    source.on('end', () => entry.end(undefined));
    source.on('data', (chunk) => {
      if (entry.write(chunk)) return;
      source.pause();
      entry.once('drain', () => source.resume());
    });
  });
}

function addEntry(archive: Pack, header: Header): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}
