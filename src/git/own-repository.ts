import { commonDirOf, openRepository, type Repository } from './repository.ts';
import { realpath } from 'node:fs/promises';
import { locateGitDir } from './locate.ts';
import type { GitCaller } from './run-git.ts';
import type { Paths } from '../state/paths.ts';
import { taskWorkspaceOf, untrusted } from './task-workspace.ts';

/** Opens a repository by git, unless it, or what its `.git` file names, can be written by containers: then E_REPOSITORY_UNTRUSTED. */
export async function openOwnRepository(paths: Paths, folder: string, caller: GitCaller): Promise<Repository> {
  const gitDir = await locateGitDir(await realpath(folder).catch(() => folder));
  const places = gitDir === undefined ? [folder] : [folder, gitDir, await commonDirOf(gitDir)];
  for (const place of places) {
    if ((await taskWorkspaceOf(paths, place)) !== undefined) throw untrusted(place);
  }
  return openRepository(folder, caller);
}
