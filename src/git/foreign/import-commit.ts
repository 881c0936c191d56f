import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { short, treeError } from '../complaint.ts';
import { makeOwnDirectory } from '../own-directory.ts';
import type { ObjectFormat, Repository } from '../repository.ts';
import type { GitCaller } from '../run-git.ts';
import { openBelow } from './open-below.ts';

export interface ImportRequest {
  /** The folder that has `.git` in it. */
  readonly top: string;
  readonly commit: string;
  /** A path for our own use: `<path>.copy` and `<path>.checked` are made. */
  readonly temporary: string;
  readonly caller: GitCaller;
}

/**
 * Takes one commit out of a repository that a container can write. Its object files are copied as data, and nothing else of it:
 * no configuration, no alternates, no link. From that copy git fetches the commit, which computes every object's id anew.
 */
export async function importCommit({ top, commit, temporary, caller }: ImportRequest): Promise<Repository> {
  const objectFormat: ObjectFormat = commit.length === 64 ? 'sha256' : 'sha1';
  const copy = `${temporary}.copy`;
  const checked = `${temporary}.checked`;
  await makeOwnDirectory({ path: copy, workTree: copy, objects: [], objectFormat, config: '[uploadpack]\n\tallowAnySHA1InWant = true\n' }, caller);
  await copyObjects(top, join(copy, 'objects'), caller.signal);
  const config = '[fetch]\n\tfsckObjects = true\n';
  const own = await makeOwnDirectory({ path: checked, workTree: checked, objects: [], objectFormat, config, transport: 'file' }, caller);
  const fetched = await own.git(['fetch', '--quiet', '--no-tags', '--depth=1', '--', copy, commit]);
  if (!fetched.ok) throw treeError(commit, top, fetched.stderr);
  const kind = await own.git(['cat-file', '-t', commit]);
  if (kind.stdout.toString().trim() !== 'commit') {
    throw new SlipwayError('E_REVISION', `${short(commit)} is no commit of ${top}.`, {
      hint: 'Name the commit itself: an annotated tag is not looked into there.',
    });
  }
  return { top, gitDir: checked, commonDir: checked, bare: true, objectFormat, foreign: true };
}

async function copyObjects(top: string, to: string, signal: AbortSignal): Promise<void> {
  const folder = await open(top, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const objects = await openBelow(folder, ['.git', 'objects'], 'folder');
    if (objects === undefined) return;
    try {
      for (const name of await readdir(`/proc/self/fd/${objects.fd}`)) {
        if (/^[0-9a-f]{2}$/.test(name)) await copyFiles(objects, name, /^[0-9a-f]{38}(?:[0-9a-f]{24})?$/, to, signal);
        if (name === 'pack') await copyFiles(objects, name, /^pack-[0-9a-f]{40,64}\.(?:pack|idx)$/, to, signal);
      }
    } finally {
      await objects.close();
    }
  } finally {
    await folder.close();
  }
}

async function copyFiles(objects: FileHandle, name: string, wanted: RegExp, to: string, signal: AbortSignal): Promise<void> {
  const folder = await openBelow(objects, [name], 'folder');
  if (folder === undefined) return;
  try {
    await mkdir(join(to, name), { recursive: true });
    for (const file of (await readdir(`/proc/self/fd/${folder.fd}`)).filter((one) => wanted.test(one))) {
      signal.throwIfAborted();
      const handle = await openBelow(folder, [file], 'file');
      if (handle === undefined) continue;
      // The file that is open, whatever has that name by now.
      await copyFile(`/proc/self/fd/${handle.fd}`, join(to, name, file)).finally(() => handle.close());
    }
  } finally {
    await folder.close();
  }
}
