import { SlipwayError } from '../../errors.ts';
import { readForeignRevision } from '../../git/foreign/revision.ts';
import type { Repository } from '../../git/repository.ts';
import { resolveRevision } from '../../git/revision.ts';
import type { GitCaller } from '../../git/run-git.ts';
import type { Paths } from '../../state/paths.ts';
import type { RunSource } from '../model.ts';
import { repositoryName } from '../repositories.ts';
import { openOwnRepository } from '../../git/own-repository.ts';
import { type TaskWorkspace, taskHome, taskWorkspaceOf, untrusted } from '../../git/task-workspace.ts';

export interface SourceRequest extends GitCaller {
  readonly paths: Paths;
  readonly dirty: boolean;
}

export interface NamedSource extends RunSource {
  /** The repository's name, as it is or would be claimed. */
  readonly name: string;
  /** To whom the name belongs: what `claimRepositoryName` takes. */
  readonly home: string;
}

/**
 * What is to be tested: the repository that `cwd` is in, and a commit of it. Nothing is written. Throws E_NO_REPOSITORY,
 * E_REPOSITORY_UNREADABLE, E_REPOSITORY_OWNER, E_REPOSITORY_UNTRUSTED, E_REVISION, E_NO_COMMIT, E_WORK_TREE.
 */
export async function resolveSource(cwd: string, revision: string, request: SourceRequest): Promise<NamedSource> {
  const { paths, dirty } = request;
  const task = await taskWorkspaceOf(paths, cwd);
  if (task !== undefined) return sourceInTask(task, revision, request);
  const repository = await openOwnRepository(paths, cwd, request);
  const found = await resolveRevision(repository, revision, request);
  if (dirty) await checkDirty(repository, revision, found.commit, request);
  const home = repository.commonDir;
  return { repository: repository.top, revision, ...found, dirty, name: await repositoryName(paths, home), home };
}

async function checkDirty(repository: Repository, revision: string, commit: string, caller: GitCaller): Promise<void> {
  if (repository.bare) {
    throw new SlipwayError('E_WORK_TREE', `${repository.top} is a bare repository: it has no work tree with changes.`, { hint: 'Leave `--dirty` out.' });
  }
  const head = await resolveRevision(repository, 'HEAD', caller);
  if (head.commit !== commit) {
    throw new SlipwayError('E_WORK_TREE', `The changes of the work tree are made on HEAD, and ${JSON.stringify(revision)} is another commit.`, {
      hint: 'Check that commit out, or leave the revision or `--dirty` out.',
    });
  }
}

async function sourceInTask(workspace: TaskWorkspace, revision: string, { paths, dirty }: SourceRequest): Promise<NamedSource> {
  const { top, project, task } = workspace;
  if (dirty) {
    throw new SlipwayError(
      'E_REPOSITORY_UNTRUSTED',
      `Task ${task} of ${project} may write its work tree at any moment, so its changes are not read on this machine.`,
      {
        hint: 'Have them committed in the task, and test the commit.',
      },
    );
  }
  // Following no link takes /proc.
  if (process.platform !== 'linux') throw untrusted(top);
  const found = await readForeignRevision(top, revision);
  const home = taskHome(workspace);
  return { repository: top, revision, ...found, dirty, name: await repositoryName(paths, home), home };
}
