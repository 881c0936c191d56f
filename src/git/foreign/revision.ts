import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SlipwayError } from '../../errors.ts';
import { type Commit, checkRevision, noCommit } from '../revision.ts';
import { readBelow } from './open-below.ts';

/**
 * What a revision means in a repository that a container can write: `HEAD`, a branch, a tag or a full commit id, read from its files
 * as data. Git is not run on it. Throws E_REVISION, E_NO_COMMIT, E_NO_REPOSITORY.
 */
export async function readForeignRevision(top: string, revision: string): Promise<Commit> {
  checkRevision(revision);
  if (isId(revision)) return { commit: revision };
  const folder = await open(top, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const head = await readBelow(folder, ['.git', 'HEAD'], maximumRef);
    if (head === undefined) {
      throw new SlipwayError('E_NO_REPOSITORY', `${top} is not a git repository of its own.`, {
        hint: 'A task whose project has a repository has one in its workspace.',
      });
    }
    if (revision === 'HEAD' || revision === '@') return await ofHead(folder, head, top);
    const found = await firstOf(folder, [revision, `refs/tags/${revision}`, `refs/heads/${revision}`, `refs/remotes/${revision}`]);
    if (found !== undefined) return found;
  } finally {
    await folder.close();
  }
  throw new SlipwayError('E_REVISION', `${JSON.stringify(revision)} is no branch, tag or full commit id of ${top}.`, {
    hint: 'Other revisions are not looked up in a repository that a container can write.',
  });
}

async function ofHead(folder: FileHandle, head: string, top: string): Promise<Commit> {
  const branch = /^ref: (refs\/.+?)\s*$/.exec(head)?.[1];
  const found = branch === undefined ? undefined : await readRef(folder, branch);
  if (found !== undefined) return found;
  if (isId(head.trim())) return { commit: head.trim() };
  throw noCommit(top);
}

async function firstOf(folder: FileHandle, names: readonly string[]): Promise<Commit | undefined> {
  for (const name of names) {
    const found = name.startsWith('refs/') ? await readRef(folder, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readRef(folder: FileHandle, ref: string): Promise<Commit | undefined> {
  const names = ref.split('/');
  if (names.some((name) => name === '' || name.startsWith('.'))) return undefined;
  const loose = (await readBelow(folder, ['.git', ...names], maximumRef))?.trim();
  if (loose !== undefined && isId(loose)) return { commit: loose, ref };
  const packed = (await readBelow(folder, ['.git', 'packed-refs'], maximumPackedRefs)) ?? '';
  const lines = packed.split('\n');
  const index = lines.findIndex((line) => line.slice(line.indexOf(' ') + 1) === ref);
  // An annotated tag's line is followed by its commit's.
  const id = /^\^([0-9a-f]+)$/.exec(lines[index + 1] ?? '')?.[1] ?? lines[index]?.split(' ')[0];
  return index >= 0 && id !== undefined && isId(id) ? { commit: id, ref } : undefined;
}

function isId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

const maximumRef = 4096;
const maximumPackedRefs = 64 * 1_048_576;
