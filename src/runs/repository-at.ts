import type { App } from '../operations/model.ts';
import { repositoryName } from './repositories.ts';
import { openOwnRepository } from '../git/own-repository.ts';
import { taskHome, taskWorkspaceOf } from '../git/task-workspace.ts';

export interface RepositoryAt {
  readonly top: string;
  /** What its runs belong to, whatever worktree they were asked for in. */
  readonly home: string;
  /** The name that its runs are kept under. */
  readonly name: string;
}

/** The repository that a folder is in. A task's is only read, never opened by git. Throws E_NO_REPOSITORY and the like. */
export async function repositoryAt({ paths, env, signal }: App, directory: string): Promise<RepositoryAt> {
  const task = await taskWorkspaceOf(paths, directory);
  if (task !== undefined) {
    const home = taskHome(task);
    return { top: task.top, home, name: await repositoryName(paths, home) };
  }
  const { top, commonDir } = await openOwnRepository(paths, directory, { env, signal });
  return { top, home: commonDir, name: await repositoryName(paths, commonDir) };
}
