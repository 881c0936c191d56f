import { chmod, copyFile, lstat, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { isMissing, makeDirectory, stateError } from '../../state/atomic.ts';
import { pathPatterns } from '../../state/path-patterns.ts';

/**
 * Copies what the patterns name of a tree that was built into a release's `files/`. A link stays a link, and has to lead to
 * something in the tree. Throws E_RELEASE_FILES where a pattern names nothing, and where a link leads out.
 */
export async function copyFiles(tree: string, patterns: readonly string[], to: string, signal: AbortSignal): Promise<void> {
  const wanted = patterns.map((pattern) => (/^(?:\.\/*)+$/.test(pattern) ? '**' : pattern));
  const { bases, matching } = pathPatterns(wanted);
  const used = new Set<string>();
  await makeDirectory(to);
  const visit = async (path: string): Promise<void> => {
    signal.throwIfAborted();
    const stats = await lstat(join(tree, path));
    const wantedBy = path === '' ? [] : matching(path);
    const isWanted = wantedBy.length > 0;
    for (const pattern of wantedBy) used.add(pattern);
    if (stats.isDirectory()) {
      if (isWanted) await makeDirectory(join(to, path));
      for (const name of (await readdir(join(tree, path))).sort()) await visit(path === '' ? name : `${path}/${name}`);
    } else if (isWanted) await copyOne(tree, path, to, stats);
  };
  for (const base of bases) if (await isReachable(tree, base)) await visit(base);
  const unused = wanted.filter((pattern) => !used.has(pattern));
  if (unused[0] !== undefined) {
    throw new SlipwayError(
      'E_RELEASE_FILES',
      `\`files\` names ${unused.map((pattern) => JSON.stringify(pattern)).join(', ')}, and the tree has nothing of that name after the build.`,
      {
        hint: 'Correct `files` in .slipway/service.yml, or the build that should make them; commit that, and tag the commit.',
      },
    );
  }
}

/** Whether a path is there, every folder on the way being one: what a link leads to is copied by its own name. */
async function isReachable(tree: string, path: string): Promise<boolean> {
  const parts = path === '' ? [] : path.split('/');
  for (let count = 1; count <= parts.length; count++) {
    try {
      const stats = await lstat(join(tree, ...parts.slice(0, count)));
      if (count < parts.length && !stats.isDirectory()) return false;
    } catch (cause) {
      if (isMissing(cause)) return false;
      throw stateError('read', join(tree, path), cause);
    }
  }
  return true;
}

async function copyOne(tree: string, path: string, to: string, stats: Awaited<ReturnType<typeof lstat>>): Promise<void> {
  const target = join(to, path);
  try {
    await makeDirectory(dirname(target));
    if (stats.isSymbolicLink()) await symlink(await checkedTarget(tree, path), target);
    else if (stats.isFile()) {
      await copyFile(join(tree, path), target);
      // A release does not change.
      await chmod(target, Number(stats.mode) & 0o111 ? 0o555 : 0o444);
    } else throw new SlipwayError('E_RELEASE_FILES', `${path} is neither a file nor a link, so no release can hold it.`, { hint: 'Leave it out of `files`.' });
  } catch (cause) {
    throw stateError('write', target, cause);
  }
}

/** By its text, and by where it leads. */
async function checkedTarget(tree: string, path: string): Promise<string> {
  const target = await readlink(join(tree, path));
  const top = await realpath(tree);
  const real = await realpath(join(tree, path)).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined;
    throw cause;
  });
  if (isAbsolute(target) || leaves(normalize(join(dirname(path), target))) || (real !== undefined && leaves(relative(top, real)))) {
    throw new SlipwayError('E_RELEASE_FILES', `${path} is a link to ${target}, out of the tree.`, {
      hint: 'A release holds only what the repository and its build made: make it a relative link within the tree, or leave it out of `files`.',
    });
  }
  return target;
}

const leaves = (path: string) => path === '..' || path.startsWith('../') || isAbsolute(path);
