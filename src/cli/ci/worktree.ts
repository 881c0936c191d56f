import { SlipwayError } from '../../errors.ts';
import type { Repository } from '../../git/repository.ts';
import { openOwnRepository } from '../../git/own-repository.ts';
import { taskHome, taskWorkspaceOf } from '../../git/task-workspace.ts';
import type { Call } from '../call.ts';

/** The work tree that the command was given in, and what its runs and its trust belong to. A task's is only read, never opened by git. */
export async function worktree(call: Call): Promise<{ readonly top: string; readonly home: string }> {
  const task = await taskWorkspaceOf(call.app.paths, process.cwd());
  if (task !== undefined) return { top: task.top, home: taskHome(task) };
  const { top, commonDir } = await ownWorktree(call);
  return { top, home: commonDir };
}

/** One that is the person's own. Throws E_REPOSITORY_UNTRUSTED, and E_NO_REPOSITORY, also in a repository without a work tree. */
export async function ownWorktree({ app }: Call): Promise<Repository> {
  const cwd = process.cwd();
  const repository = await openOwnRepository(app.paths, cwd, { env: app.env, signal: app.signal });
  if (!repository.bare) return repository;
  throw new SlipwayError('E_NO_REPOSITORY', `${cwd} is in a bare repository, which has no work tree.`, { hint: 'Run the command in a work tree of it.' });
}
