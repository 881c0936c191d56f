import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';
import { errorCode } from '../../state/atomic.ts';
import { type IdMaps, toInside } from './id-maps.ts';

/** Something that only the engine can archive: another user's file, a device, an id that the container has no name for. */
export class OnlyEngineCan extends Error {}

/** The greatest id that an archive's header holds in digits. */
const greatestId = 0o7777777;

/**
 * A tar of the data as the engine would give it (its own folder first, ids as the container has them), read from the host: an engine
 * mounts a stopped container's whole root for it, which takes as long as a start. Fails with `OnlyEngineCan` where it would differ.
 */
export async function archiveData(directory: string, target: string, ids: IdMaps): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  const walk: Walk = { archive, ids, links: new Map() };
  void addTree(walk, directory, basename(posix.resolve(target))).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(archive);
}

type Header = Parameters<Pack['entry']>[0];

interface Walk {
  readonly archive: Pack;
  readonly ids: IdMaps;
  /** First name of each file that has several, by device and inode. */
  readonly links: Map<string, string>;
}

async function addTree(walk: Walk, path: string, name: string): Promise<void> {
  const stat = await lstat(path);
  const header = headerOf(walk, name, stat);
  if (stat.isDirectory()) {
    await addEntry(walk.archive, { ...header, name: `${name}/`, type: 'directory' });
    for (const entry of (await readdir(path).catch(unreadable)).sort()) await addTree(walk, join(path, entry), `${name}/${entry}`);
    return;
  }
  // Nobody can hold on to a socket without its program: the engines leave it out too.
  if (stat.isSocket()) return;
  if (stat.isSymbolicLink()) return addEntry(walk.archive, { ...header, type: 'symlink', linkname: await readlink(path) });
  if (stat.isFIFO()) return addEntry(walk.archive, { ...header, type: 'fifo' });
  if (!stat.isFile()) throw new OnlyEngineCan(path);
  const inode = `${stat.dev}:${stat.ino}`;
  const first = walk.links.get(inode);
  if (first !== undefined) return addEntry(walk.archive, { ...header, type: 'link', linkname: first });
  if (stat.nlink > 1) walk.links.set(inode, name);
  await addFile(walk.archive, { ...header, type: 'file', size: stat.size }, path);
}

function headerOf({ ids }: Walk, name: string, stat: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtime: Date }): Header {
  const uid = toInside(ids.uid, stat.uid);
  const gid = toInside(ids.gid, stat.gid);
  if (uid === undefined || gid === undefined || uid > greatestId || gid > greatestId) throw new OnlyEngineCan(name);
  return { name, mode: stat.mode & 0o7777, mtime: stat.mtime, uid, gid };
}

function addEntry(archive: Pack, header: Header): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}

function addFile(archive: Pack, header: Header & { readonly size: number }, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (header.size === 0) return void archive.entry(header, (error) => (error ? reject(error) : resolve())).end(undefined);
    // No more than was promised, should somebody on the host write to it meanwhile.
    const source = createReadStream(path, { end: header.size - 1 });
    source.once('error', (error) => reject(isDenied(error) ? new OnlyEngineCan(path) : error));
    source.once('open', () => {
      const entry = archive.entry(header, (error) => (error ? reject(error) : resolve()));
      source.on('end', () => entry.end(undefined));
      source.on('data', (chunk) => {
        if (entry.write(chunk)) return;
        source.pause();
        entry.once('drain', () => source.resume());
      });
    });
  });
}

function unreadable(error: unknown): never {
  throw isDenied(error) ? new OnlyEngineCan(String(error)) : error;
}

function isDenied(error: unknown): boolean {
  return errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM';
}
