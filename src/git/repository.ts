import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing } from '../state/atomic.ts';
import { gitArgv, readingEnv } from './command.ts';
import { complaint } from './complaint.ts';
import { type GitCaller, runGit } from './run-git.ts';
import { shellWord } from './shell-word.ts';

export type ObjectFormat = 'sha1' | 'sha256';

/** A repository of the person's, as git found it. */
export interface Repository {
  /** The top folder of the work tree; of a bare repository the git directory. */
  readonly top: string;
  /** This work tree's own: HEAD and index. */
  readonly gitDir: string;
  /** What all its work trees share: objects, branches, modules. */
  readonly commonDir: string;
  readonly bare: boolean;
  readonly objectFormat: ObjectFormat;
  /** A copy of what a container wrote: the person's settings and stores are not for it. */
  readonly foreign: boolean;
}

/** Asks git a question about the repository at `cwd`, under the repository's own configuration. Questions run no program. */
export function ask(cwd: string, caller: GitCaller, ...args: readonly string[]) {
  return runGit(gitArgv(...args), { ...caller, cwd, env: readingEnv(caller.env) });
}

const facts = ['--is-bare-repository', '--is-inside-git-dir', '--show-object-format', '--absolute-git-dir'];

/** The repository that `cwd` is in. Throws E_NO_REPOSITORY, E_REPOSITORY_OWNER, E_REPOSITORY_UNREADABLE. */
export async function openRepository(cwd: string, caller: GitCaller): Promise<Repository> {
  const all = await ask(cwd, caller, 'rev-parse', ...facts, '--show-toplevel');
  const lines = all.ok ? lineOf(all.stdout).split('\n') : [];
  // Otherwise there is no work tree, or a path holds line breaks.
  const top = lines.length === facts.length + 1 ? lines.pop() : undefined;
  const [bare, inside, format, ...gitDirLines] = top === undefined ? await factsOf(cwd, caller) : lines;
  const gitDir = gitDirLines.join('\n');
  const isBare = bare === 'true';
  if (!isBare && inside === 'true') throw noWorkTree(cwd);
  return {
    top: isBare ? gitDir : (top ?? (await topOf(cwd, caller))),
    gitDir,
    commonDir: await commonDirOf(gitDir),
    bare: isBare,
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
    foreign: false,
  };
}

/** Without the line break behind it. */
export function lineOf(output: Buffer): string {
  return output.toString('utf8').replace(/\n$/, '');
}

/** A linked work tree's git directory names the one that it belongs to. See gitrepository-layout(5). */
export async function commonDirOf(gitDir: string): Promise<string> {
  try {
    return resolve(gitDir, lineOf(await readFile(resolve(gitDir, 'commondir'))));
  } catch (error) {
    if (isMissing(error)) return gitDir;
    throw error;
  }
}

async function factsOf(cwd: string, caller: GitCaller): Promise<readonly string[]> {
  const told = await ask(cwd, caller, 'rev-parse', ...facts);
  if (!told.ok) throw unreadable(cwd, told.stderr);
  return lineOf(told.stdout).split('\n');
}

async function topOf(cwd: string, caller: GitCaller): Promise<string> {
  const top = await ask(cwd, caller, 'rev-parse', '--show-toplevel');
  if (!top.ok) throw unreadable(cwd, top.stderr);
  return lineOf(top.stdout);
}

function unreadable(cwd: string, stderr: string): SlipwayError {
  const detail = complaint(stderr);
  const owned = /dubious ownership in repository at '(.*)'/.exec(stderr)?.[1] ?? /unsafe repository \('(.*)' is owned by/.exec(stderr)?.[1];
  if (owned !== undefined) {
    return new SlipwayError('E_REPOSITORY_OWNER', `The repository ${owned} belongs to another user, so git does not open it.`, {
      detail,
      hint: `Run Slipway as its owner, or, if you trust it: \`git config --global --add safe.directory ${shellWord(owned)}\`.`,
    });
  }
  if (/not a git repository/i.test(stderr)) {
    return new SlipwayError('E_NO_REPOSITORY', `${cwd} is not in a git repository.`, {
      detail,
      hint: 'Run the command in a repository, or make one with `git init` and a first commit.',
    });
  }
  return new SlipwayError('E_REPOSITORY_UNREADABLE', `Git cannot read the repository at ${cwd}.`, {
    detail,
    hint: `\`git -C ${shellWord(cwd)} status\` should work first.`,
  });
}

function noWorkTree(cwd: string): SlipwayError {
  return new SlipwayError('E_NO_REPOSITORY', `${cwd} is inside a git directory, not in a work tree.`, { hint: 'Run the command in the work tree.' });
}
