import { lstat, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isThere } from '../state/is-there.ts';
import { short } from './complaint.ts';
import type { IndexEntry } from './index-entries.ts';
import { gitDirAt } from './locate.ts';
import { makeOwnDirectory, type OwnDirectory, type OwnDirectoryRequest } from './own-directory.ts';
import { commonDirOf, type Repository } from './repository.ts';
import type { GitCaller } from './run-git.ts';
import { shellWord } from './shell-word.ts';

/** A commit of another repository in a tree. */
export interface Submodule {
  /** UTF-8, or E_SUBMODULE. */
  readonly path: string;
  readonly commit: string;
  /** From `.gitmodules`; `undefined` where that does not know it. */
  readonly name: string | undefined;
}

/** What the tree says of its submodules. `own` looks at the tree that was laid out. */
export async function readSubmodules(own: OwnDirectory, links: readonly IndexEntry[], top: string): Promise<readonly Submodule[]> {
  const names = await readNames(own);
  return links.map(({ id, path }) => {
    const text = path.toString('utf8');
    if (!Buffer.from(text).equals(path)) {
      throw new SlipwayError('E_SUBMODULE', `A submodule of ${top} has a path that is not UTF-8: ${text}.`, { hint: 'Move it to another path.' });
    }
    return { path: text, commit: id, name: names.get(text) };
  });
}

async function readNames(own: OwnDirectory): Promise<ReadonlyMap<string, string>> {
  const file = join(own.workTree, '.gitmodules');
  const stats = await lstat(file).catch(() => undefined);
  if (!stats?.isFile()) return new Map();
  const listed = await own.git(['config', '--no-includes', '--file', file, '-z', '--get-regexp', '^submodule\\..*\\.path$']);
  return new Map(
    listed.stdout
      .toString('utf8')
      .split('\0')
      .filter((item) => item.includes('\n'))
      .map((item): [string, string] => {
        const newline = item.indexOf('\n');
        return [item.slice(newline + 1).replace(/\/$/, ''), item.slice('submodule.'.length, newline - '.path'.length)];
      })
      .filter(([, name]) => isSafeName(name)),
  );
}

/** A name becomes a path below `modules/`. */
function isSafeName(name: string): boolean {
  return name !== '' && !isAbsolute(name) && !name.split('/').includes('..');
}

/**
 * The repository on this machine that has the submodule's commit: git's own copy of it, or the one that stands in the work
 * tree. Throws E_SUBMODULE where there is none; nothing is fetched.
 */
export async function findSubmodule(
  parent: Repository,
  submodule: Submodule,
  look: Pick<OwnDirectoryRequest, 'path' | 'workTree'>,
  caller: GitCaller,
): Promise<Repository> {
  const { name, path, commit } = submodule;
  const top = join(parent.top, path);
  const { bare, objectFormat, foreign } = parent;
  const modules = name === undefined ? [] : [join(parent.gitDir, 'modules', name), join(parent.commonDir, 'modules', name)];
  const inWorkTree = bare ? undefined : await gitDirAt(top);
  let found: string | undefined;
  for (const gitDir of new Set([...modules, ...(inWorkTree === undefined ? [] : [inWorkTree])])) {
    const commonDir = await commonDirOf(gitDir);
    const objects = join(commonDir, 'objects');
    if (!(await isThere(objects, stat))) continue;
    found ??= gitDir;
    const own = await makeOwnDirectory({ ...look, objects: [objects], objectFormat }, caller);
    if ((await own.git(['cat-file', '-e', `${commit}^{tree}`])).ok) return { top, gitDir, commonDir, bare, objectFormat, foreign };
  }
  throw absent(parent, submodule, found);
}

function absent(parent: Repository, { path, commit, name }: Submodule, gitDir: string | undefined): SlipwayError {
  const where = join(parent.top, path);
  if (gitDir !== undefined) {
    return new SlipwayError('E_SUBMODULE', `The submodule ${where} does not have commit ${short(commit)}.`, {
      hint: `\`git --git-dir=${shellWord(gitDir)} --work-tree=. fetch origin ${commit}\` brings it.`,
    });
  }
  if (name === undefined) {
    return new SlipwayError('E_SUBMODULE', `Nothing says where the submodule ${where} comes from: .gitmodules has no entry for it.`, {
      hint: 'Add it with `git submodule add`, or take it out of the commit.',
    });
  }
  return new SlipwayError('E_SUBMODULE', `The submodule ${where} is not on this machine.`, {
    hint: `\`git -C ${shellWord(parent.top)} submodule update --init --recursive -- ${shellWord(path)}\` brings it.`,
  });
}
