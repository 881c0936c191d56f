import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../state/atomic.ts';
import { type Paths, repositoryRunsDir } from '../../state/paths.ts';
import { repositoryName } from '../repositories.ts';

/** A tree of `.slipway/` whose code may be run on this machine. */
export interface TrustedTree {
  readonly sha256: string;
  /** ISO 8601. */
  readonly at: string;
}

interface TrustFile {
  readonly format: number;
  readonly trees: readonly TrustedTree[];
}

const format = 1;

const trustFile = (paths: Paths, repository: string) => join(repositoryRunsDir(paths, repository), 'trust.json');

/** The trees that are trusted in a repository. `home` is git's common directory: worktrees share them. */
export async function readTrust(paths: Paths, home: string): Promise<readonly TrustedTree[]> {
  const file = trustFile(paths, await repositoryName(paths, home));
  const text = await readFileIfAny(file);
  return text === undefined ? [] : parse(file, text).trees;
}

/** `repository` is the name that was claimed for it. */
export async function addTrust(paths: Paths, repository: string, tree: TrustedTree): Promise<void> {
  const file = trustFile(paths, repository);
  const text = await readFileIfAny(file);
  const known = text === undefined ? { format, trees: [] } : parse(file, text);
  const trees = [...known.trees.filter(({ sha256 }) => sha256 !== tree.sha256), tree];
  await writeFileAtomic(file, `${JSON.stringify({ ...known, trees }, undefined, 2)}\n`, { mode: 0o600 });
}

function parse(file: string, text: string): TrustFile {
  const value = attempt(() => JSON.parse(text) as Partial<TrustFile>);
  const trees: unknown = value?.trees;
  if (value === undefined || typeof value.format !== 'number' || !Array.isArray(trees) || !trees.every(isTree)) {
    throw new SlipwayError('E_BAD_FILE', `${file} is not a list of trusted trees.`, { hint: 'Remove it, and trust again what you trust.' });
  }
  if (value.format > format) {
    throw new SlipwayError('E_NEWER_FORMAT', `${file} was written by a newer Slipway (format ${value.format}).`, { hint: 'Update Slipway.' });
  }
  return { ...value, format: value.format, trees };
}

function isTree(tree: unknown): tree is TrustedTree {
  return typeof tree === 'object' && tree !== null && 'sha256' in tree && typeof tree.sha256 === 'string' && 'at' in tree && typeof tree.at === 'string';
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
