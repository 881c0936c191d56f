import { lstat, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isMissing } from '../state/atomic.ts';

/** The git directory of the repository that a folder is in, found without opening it. `undefined`: there is none above, or it is bare. */
export async function locateGitDir(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await gitDirAt(at);
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}

/** What `.git` in a folder is or names. */
export async function gitDirAt(folder: string): Promise<string | undefined> {
  const place = join(folder, '.git');
  try {
    const stats = await lstat(place);
    if (!stats.isFile()) return place;
    const target = stats.size > longestPath ? undefined : /^gitdir: (.+?)[\r\n]*$/s.exec(await readFile(place, 'utf8'))?.[1];
    return target === undefined ? undefined : resolve(folder, target);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const longestPath = 8192;
