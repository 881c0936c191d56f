import { mkdtemp, realpath, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { importCommit } from '../../git/foreign/import-commit.ts';
import { type LaidOut, layOut } from '../../git/lay-out.ts';
import { resolveRevision } from '../../git/revision.ts';
import type { GitCaller } from '../../git/run-git.ts';
import { makeDirectory, stateError } from '../../state/atomic.ts';
import type { Paths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { RunSource } from '../model.ts';
import { openOwnRepository } from '../../git/own-repository.ts';
import { taskWorkspaceOf } from '../../git/task-workspace.ts';

export interface MaterializeRequest extends GitCaller {
  readonly paths: Paths;
  readonly source: RunSource;
  /** Where the workspace is to stand. What is there was left by a driver that died, and is removed. */
  readonly directory: string;
  /** On the same file system; removed at the end. */
  readonly temporary: string;
  readonly onProgress?: (text: string) => void;
}

/**
 * Makes the workspace: exactly the tree of the source's commit, with the work tree's changes where it is dirty. It is made aside
 * and renamed into place; where it fails, nothing of it is left. A git that a killed driver left behind does not get in its way.
 */
export async function materialize(request: MaterializeRequest): Promise<{ readonly tree: string }> {
  const { directory, temporary, source } = request;
  try {
    await removeTree(directory);
    await makeDirectory(dirname(temporary));
    await makeDirectory(temporary, 0o700);
    request.onProgress?.(`Writing the files of ${source.commit.slice(0, 12)}${source.dirty ? ' with your changes' : ''}`);
    const { folder, tree } = await read({ ...request, temporary: await mkdtemp(join(temporary, 'made-')) });
    await makeDirectory(dirname(directory));
    await rename(folder, directory);
    return { tree };
  } catch (cause) {
    request.signal.throwIfAborted();
    throw stateError('write', directory, cause);
  } finally {
    await removeTree(temporary);
  }
}

async function read(request: MaterializeRequest): Promise<LaidOut> {
  const { paths, source, temporary } = request;
  const { commit, dirty } = source;
  const open = (folder: string) => openOwnRepository(paths, folder, request);
  const common = { commit, dirty, temporary: join(temporary, 'top'), caller: request, open };
  if ((await taskWorkspaceOf(paths, source.repository)) !== undefined) {
    return withoutAdvice(async () => {
      const repository = await importCommit({ top: source.repository, commit, temporary: join(temporary, 'task'), caller: request });
      return layOut({ ...common, repository });
    });
  }
  const repository = await open(source.repository);
  if (dirty && (await resolveRevision(repository, 'HEAD', request)).commit !== commit) {
    throw new SlipwayError('E_WORK_TREE', `Another commit was checked out in ${repository.top} after the run was asked for.`, { hint: 'Run it again.' });
  }
  const without = await Promise.all([paths.state, join(paths.cache, 'runs')].map((path) => realpath(path).catch(() => resolve(path))));
  return layOut({ ...common, repository, without });
}

/** What mends a repository of the person's would have git run in one that a container writes. */
async function withoutAdvice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code === 'E_DISK_FULL') throw error;
    throw new SlipwayError(error.code as `E_${string}`, error.message, {
      cause: error,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      hint: "Of a task's workspace only the objects of its own repository are read: not those of submodules, LFS or other repositories. Push the commit, and test it in your own checkout.",
    });
  }
}
