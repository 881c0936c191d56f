import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { filesName } from './store.ts';

export interface FilesRead {
  /** By path in the release; a link's is of its target. */
  readonly files: Readonly<Record<string, string>>;
  /** Neither file, folder nor link. */
  readonly strange: readonly string[];
}

/** SHA-256 of everything in a release's `files/`. */
export async function readChecksums(release: string, signal?: AbortSignal): Promise<FilesRead> {
  const files: [string, string][] = [];
  const strange: string[] = [];
  const walk = async (path: string): Promise<void> => {
    signal?.throwIfAborted();
    const stats = await lstat(join(release, path));
    if (stats.isSymbolicLink())
      files.push([
        path,
        `sha256:${createHash('sha256')
          .update(await readlink(join(release, path)))
          .digest('hex')}`,
      ]);
    else if (stats.isFile()) files.push([path, await checksumOf(join(release, path))]);
    else if (stats.isDirectory()) for (const name of (await readdir(join(release, path))).sort()) await walk(`${path}/${name}`);
    else strange.push(path);
  };
  await walk(filesName);
  return { files: Object.fromEntries(files), strange };
}

async function checksumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
