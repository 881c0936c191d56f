import { type Repository, openRepository } from '../../git/repository.ts';
import { SlipwayError } from '../../errors.ts';
import type { Call } from '../call.ts';

/** The work tree that the command was given in. Throws E_NO_REPOSITORY, also in a repository that has none. */
export async function worktree({ app }: Call): Promise<Repository> {
  const cwd = process.cwd();
  const repository = await openRepository(cwd, { env: app.env, signal: app.signal });
  if (!repository.bare) return repository;
  throw new SlipwayError('E_NO_REPOSITORY', `${cwd} is a bare repository, without a work tree.`, { hint: 'Run the command in a work tree of it.' });
}
