import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { complaint } from './complaint.ts';
import { ask, lineOf, type Repository } from './repository.ts';
import type { GitCaller } from './run-git.ts';
import { shellWord } from './shell-word.ts';

export interface Commit {
  /** Its full id. */
  readonly commit: string;
  /** Full name of the branch or tag that the revision names; of `HEAD` the branch that is checked out. */
  readonly ref?: string;
}

/** What a revision means, as gitrevisions(7) has it. Throws E_REVISION, E_NO_COMMIT. */
export async function resolveRevision(repository: Repository, revision: string, caller: GitCaller): Promise<Commit> {
  checkRevision(revision);
  return (await resolveAtOnce(repository, revision, caller)) ?? resolveByParts(repository, revision, caller);
}

/** `undefined`: it is none, or one that takes more questions. */
async function resolveAtOnce({ top }: Repository, revision: string, caller: GitCaller): Promise<Commit | undefined> {
  const told = await ask(top, caller, 'rev-parse', revision, `${revision}^{commit}`, '--symbolic-full-name', revision);
  const [id = '', commit = '', ref = ''] = told.ok ? lineOf(told.stdout).split('\n') : [];
  // `:/text` takes all that follows for its text: only of the same object, or of a tag's, the second line tells.
  const isSame = id === commit || ref.startsWith('refs/tags/');
  return /^[0-9a-f]{40,64}$/.test(commit) && isSame ? asCommit(commit, ref) : undefined;
}

async function resolveByParts(repository: Repository, revision: string, caller: GitCaller): Promise<Commit> {
  const [named, full] = await Promise.all([
    ask(repository.top, caller, 'rev-parse', '--verify', revision),
    ask(repository.top, caller, 'rev-parse', '--symbolic-full-name', revision),
  ]);
  if (!named.ok) throw await unknown(repository, revision, named.stderr, caller);
  const peeled = await ask(repository.top, caller, 'rev-parse', '--verify', `${lineOf(named.stdout)}^{commit}`);
  if (!peeled.ok) throw await unknown(repository, revision, peeled.stderr, caller);
  return asCommit(lineOf(peeled.stdout), full.ok ? lineOf(full.stdout) : '');
}

function asCommit(commit: string, ref: string): Commit {
  return { commit, ...(ref.startsWith('refs/') ? { ref } : {}) };
}

/** What cannot be handed to git as a revision. */
export function checkRevision(revision: string): void {
  if (revision.startsWith('-')) {
    throw new SlipwayError('E_REVISION', `${JSON.stringify(revision)} looks like an option, not like a revision.`, {
      hint: 'Name a commit, a branch or a tag.',
    });
  }
  if (revision === '' || revision.includes('\0')) throw new SlipwayError('E_REVISION', 'The revision is empty.', { hint: 'Name a commit, a branch or a tag.' });
}

async function unknown(repository: Repository, revision: string, stderr: string, caller: GitCaller): Promise<SlipwayError> {
  const { top, commonDir } = repository;
  const head = await ask(top, caller, 'rev-parse', '--verify', '--quiet', 'HEAD');
  if (!head.ok && (revision === 'HEAD' || revision === '@')) return noCommit(top);
  const shallow = await access(join(commonDir, 'shallow')).then(
    () => true,
    () => false,
  );
  return new SlipwayError('E_REVISION', `${JSON.stringify(revision)} is no commit of ${top}.`, {
    detail: complaint(stderr),
    hint: shallow
      ? `The repository is shallow: \`git -C ${shellWord(top)} fetch --unshallow\` brings older commits.`
      : `\`git -C ${shellWord(top)} log --oneline --all\` shows its commits; \`git -C ${shellWord(top)} fetch\` brings new ones.`,
  });
}

export function noCommit(top: string): SlipwayError {
  return new SlipwayError('E_NO_COMMIT', `The branch that is checked out in ${top} has no commit yet.`, { hint: 'Commit something first.' });
}
