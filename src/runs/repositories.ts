import { createHash } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { errorCode, readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { isIdentifier } from '../state/identifiers.ts';
import { type Paths, repositoryRunsDir } from '../state/paths.ts';

const claimFile = (paths: Paths, name: string) => join(repositoryRunsDir(paths, name), 'repository.json');

/**
 * The name under which a repository's runs are kept, `<p>` of their paths and images: its own, made tag-safe. The first
 * repository of a name has it, another one gets digits of its path behind it, so that two never share records.
 * `home` is what all its worktrees have in common: git's common directory.
 */
export async function repositoryName(paths: Paths, home: string): Promise<string> {
  const [plain, own] = candidates(home);
  const owner = await claimant(paths, plain);
  return owner === home || (owner === undefined && plain !== reserved) ? plain : own;
}

/** Gives the name to the repository, and the name that it has from now on. */
export async function claimRepositoryName(paths: Paths, home: string): Promise<string> {
  for (;;) {
    const name = await repositoryName(paths, home);
    if ((await claimant(paths, name)) === home || (await claim(paths, name, home))) return name;
  }
}

/** To whom a name belongs; `undefined`: to nobody. */
export function repositoryHome(paths: Paths, name: string): Promise<string | undefined> {
  return claimant(paths, name);
}

/** A folder beside those of repositories. */
const reserved = 'open';

function candidates(home: string): readonly [string, string] {
  const folder = basename(home) === '.git' ? basename(dirname(home)) : basename(home).replace(/\.git$/, '');
  const plain =
    folder
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/[-_]{2,}/g, '-')
      .slice(0, 50)
      .replace(/^[-_]+|[-_]+$/g, '') || 'repository';
  return [isIdentifier(plain) ? plain : 'repository', `${plain}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`];
}

async function claimant(paths: Paths, name: string): Promise<string | undefined> {
  const text = await readFileIfAny(claimFile(paths, name));
  if (text === undefined) return undefined;
  try {
    const { path } = JSON.parse(text) as { readonly path?: unknown };
    if (typeof path === 'string') return path;
  } catch {
    // Told below.
  }
  throw new SlipwayError('E_BAD_FILE', `${claimFile(paths, name)} does not name a repository.`, {
    hint: `Write {"format":1,"path":PATH} into it, the repository's git directory being the path.`,
  });
}

/** By a link, which fails where somebody else was faster. */
async function claim(paths: Paths, name: string, home: string): Promise<boolean> {
  const file = claimFile(paths, name);
  const temporary = `${file}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
  try {
    await writeFileAtomic(temporary, `${JSON.stringify({ format: 1, path: home })}\n`);
    await link(temporary, file);
    return true;
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false;
    throw stateError('write', file, cause);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
