import { createHash } from 'node:crypto';
import { lstat, mkdir, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, makeDirectory, stateError } from '../../state/atomic.ts';
import { hostCachesDir, type Paths } from '../../state/paths.ts';
import type { PipelinePlan, PlannedCache } from '../model.ts';

/**
 * Gives the jobs their caches: folders that runs of a repository share, each linked to from its place in the workspace. Gives those
 * whose place the tree holds files at: they are not used.
 */
export async function linkHostCaches(paths: Paths, repository: string, workspace: string, jobs: PipelinePlan['jobs']): Promise<readonly PlannedCache[]> {
  const taken: PlannedCache[] = [];
  const byPath = new Map(jobs.flatMap(({ caches }) => caches).map((cache) => [cache.path, cache]));
  for (const cache of byPath.values()) if (!(await linkCache(hostCache(paths, repository, cache.key), join(workspace, cache.path)))) taken.push(cache);
  return taken;
}

/** A key is a person's text, which need not be a folder's name. */
const hostCache = (paths: Paths, repository: string, key: string) =>
  join(hostCachesDir(paths, repository), createHash('sha256').update(key).digest('hex').slice(0, 16));

async function linkCache(folder: string, place: string): Promise<boolean> {
  try {
    await makeDirectory(folder, 0o700);
    // When it was last used is what pruning goes by.
    await utimes(folder, new Date(), new Date());
    if (!(await makeParents(dirname(place)))) return false;
    await symlink(folder, place);
    return true;
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false;
    throw stateError('write', place, cause);
  }
}

/** The tree is not ours: where a link stands on the way, nothing is made. */
async function makeParents(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder);
    return found.isDirectory();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (!(await makeParents(dirname(folder)))) return false;
    await mkdir(folder);
    return true;
  }
}
