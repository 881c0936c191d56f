import { copyFile, lstat, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing } from '../state/atomic.ts';
import { bytesBelow } from './bytes-below.ts';
import { complaint, isFull } from './complaint.ts';
import { homeOf, inHome } from './in-home.ts';
import { isGitlink, selectEntries } from './index-entries.ts';
import type { OwnDirectory } from './own-directory.ts';
import { ask, type Repository } from './repository.ts';
import type { GitCaller } from './run-git.ts';

/**
 * Writes the tree that `git add -A` would lead to, with staged, unstaged, untracked and deleted files, and gives its id. It is made
 * in a git directory of our own: the person's index, references and objects are only read.
 *
 * Line ends are converted as the repository asks; programs (`filter`) are never run: a changed file of theirs is taken as it stands.
 */
export async function writeWorkTree(repository: Repository, own: OwnDirectory, without: readonly string[], caller: GitCaller): Promise<string> {
  await copyIndex(repository.gitDir, own.path);
  for (const name of ['exclude', 'attributes']) await copyIfAny(join(repository.commonDir, 'info', name), join(own.path, 'info', name));
  const settings = await readingSettings(repository, caller);
  const nested = await nestedRepositories(own, repository.top);
  const excluded = [...nested, ...pathsBelow(repository.top, without)].map((path) =>
    Buffer.concat([Buffer.from(':(exclude,literal)'), path, Buffer.from([0])]),
  );
  const input = Buffer.concat([Buffer.from('.\0'), ...excluded]);
  const added = await own.git([...settings, 'add', '--all', '--pathspec-from-file=-', '--pathspec-file-nul'], { input, workTree: repository.top });
  if (!added.ok) throw cannotAdd(repository.top, added.stderr);
  const written = await own.git(['write-tree']);
  if (!written.ok) throw cannotAdd(repository.top, written.stderr);
  return written.stdout.toString().trim();
}

/**
 * Git takes a file for unchanged where its times are those of the index, and older than the index itself: the copy must not
 * look newer than what it was copied from. See "racy Git" in git's technical documentation.
 */
async function copyIndex(gitDir: string, to: string): Promise<void> {
  const names = (await readdir(gitDir)).filter((name) => name === 'index' || name.startsWith('sharedindex.'));
  for (const name of names) {
    const { mtimeMs } = await stat(join(gitDir, name));
    await copyFile(join(gitDir, name), join(to, name));
    const second = Math.floor(mtimeMs / 1000);
    await utimes(join(to, name), second, second);
  }
}

async function copyIfAny(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/**
 * Work trees of submodules are left out: `git add` would run `git status` in each, under its own configuration. Those that
 * became something else, or are gone, are changes like any other.
 */
async function nestedRepositories(own: OwnDirectory, top: string): Promise<readonly Buffer[]> {
  const listed = await own.git(['ls-files', '--stage', '-z']);
  const links = selectEntries(listed.stdout, isGitlink);
  const kinds = await Promise.all(links.map(async ({ path }) => ({ path, folder: await isFolder(bytesBelow(top, path)) })));
  return kinds.filter(({ folder }) => folder).map(({ path }) => path);
}

function pathsBelow(top: string, paths: readonly string[]): readonly Buffer[] {
  return paths.filter((path) => path.startsWith(`${top}/`)).map((path) => Buffer.from(path.slice(top.length + 1)));
}

async function isFolder(path: Buffer): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** The person's settings that say how files become objects and which are ignored, as arguments. None of them names a program. */
async function readingSettings({ top }: Repository, caller: GitCaller): Promise<readonly string[]> {
  const set = await ask(
    top,
    caller,
    'config',
    '-z',
    '--get-regexp',
    '^core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol|checkstat|trustctime|attributesfile|excludesfile)$',
  );
  const folder = join(caller.env.XDG_CONFIG_HOME || join(homeOf(caller.env), '.config'), 'git');
  const values = new Map([
    ['core.excludesfile', join(folder, 'ignore')],
    ['core.attributesfile', join(folder, 'attributes')],
  ]);
  for (const item of set.stdout.toString('utf8').split('\0')) {
    const [key = '', ...rest] = item.split('\n');
    if (key !== '') values.set(key, rest.length === 0 ? 'true' : inHome(rest.join('\n'), caller.env));
  }
  return [...values].flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

function cannotAdd(top: string, stderr: string): SlipwayError {
  const nested = /'(.*?)\/?' does not have a commit checked out/.exec(stderr)?.[1];
  const facts = { detail: complaint(stderr) };
  if (isFull(stderr)) {
    return new SlipwayError('E_DISK_FULL', `No space left for the changes of ${top}.`, { ...facts, hint: 'Free some space and run the command again.' });
  }
  if (nested !== undefined) {
    return new SlipwayError('E_WORK_TREE', `${join(top, nested)} is a repository without a commit, which cannot be part of the work tree.`, {
      ...facts,
      hint: 'Commit in it, ignore it, or move it elsewhere.',
    });
  }
  return new SlipwayError('E_WORK_TREE', `Git cannot read all changes of ${top}.`, {
    ...facts,
    hint: 'Make what is named above readable, ignore it, or move it elsewhere.',
  });
}
