import { mkdir, realpath, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from './bytes-below.ts';
import { treeError } from './complaint.ts';
import { formatEntry, formatRemoval, type IndexEntry, isGitlink, selectEntries } from './index-entries.ts';
import { fillLfs } from './lfs.ts';
import { gitDirAt } from './locate.ts';
import { makeOwnDirectory, type OwnDirectory, type OwnDirectoryRequest } from './own-directory.ts';
import type { Repository } from './repository.ts';
import { resolveRevision } from './revision.ts';
import type { GitCaller } from './run-git.ts';
import { findSubmodule, readSubmodules, type Submodule } from './submodules.ts';
import { writeWorkTree } from './work-tree-changes.ts';

export interface LayOutRequest {
  readonly repository: Repository;
  readonly commit: string;
  /** With the changes of the work tree. */
  readonly dirty: boolean;
  /** Paths in the work tree that are no part of it. */
  readonly without?: readonly string[];
  /** A path for our own use: `<path>.git` and `<path>.tree` are made, and others that begin so. */
  readonly temporary: string;
  readonly caller: GitCaller;
  /** Opens the repository that stands at a path of a work tree. */
  open(folder: string): Promise<Repository>;
}

export interface LaidOut {
  /** The folder that holds the files. */
  readonly folder: string;
  /** Id of the tree that they are: the commit's, or one that nobody has committed. */
  readonly tree: string;
  /** Whether it is another one than the commit's. */
  readonly changed: boolean;
  readonly own: OwnDirectory;
}

/**
 * Writes a commit's tree: its bytes as they were committed, whatever attributes and settings say of line ends, filters and
 * exports, with submodules and LFS files in their places. Throws E_OBJECT_MISSING, E_BAD_TREE, E_LAY_OUT, E_SUBMODULE, E_LFS,
 * E_WORK_TREE, E_DISK_FULL; what was written then is the caller's to remove.
 */
export async function layOut(request: LayOutRequest): Promise<LaidOut> {
  const { repository, commit, dirty, temporary, caller } = request;
  const folder = `${temporary}.tree`;
  await mkdir(folder);
  const own = await makeOwnDirectory(
    { path: `${temporary}.git`, workTree: folder, objects: [join(repository.commonDir, 'objects')], objectFormat: repository.objectFormat },
    caller,
  );
  const must = async (args: readonly string[], input?: Buffer) => {
    const end = await own.git(args, input ? { input } : {});
    if (!end.ok) throw treeError(commit, repository.top, end.stderr);
    return end.stdout;
  };
  const tree = `${commit}^{tree}`;
  const [named] = await together(must(['rev-parse', '--verify', tree]), dirty ? undefined : must(['read-tree', tree]));
  const committed = idOf(named);
  const wanted = dirty ? await writeWorkTree(repository, own, request.without ?? [], caller) : committed;
  // Anew: entries of a sparse checkout's index would not be written out.
  if (dirty) await must(['read-tree', wanted]);
  await own.setAttributes(asCommitted);
  const [listed] = await together(must(['ls-files', '--stage', '-z']), must(['checkout-index', '--all']));
  const entries = selectEntries(listed, (mode, path) => isGitlink(mode) || path.subarray(-attributesName.length).equals(attributesName));
  const links = entries.filter(({ mode }) => isGitlink(Number(mode)));
  const attributes = entries.filter((entry) => !links.includes(entry)).map(({ path }) => path);
  await fillLfs(repository, own, attributes, commit, caller);
  const changes = await layOutSubmodules(request, own, links);
  if (changes.length > 0) await must(['update-index', '-z', '--index-info'], Buffer.concat(changes));
  // Objects of submodules are elsewhere.
  const laidOut = changes.length > 0 ? idOf(await must(['write-tree', '--missing-ok'])) : wanted;
  return { folder, tree: laidOut, changed: laidOut !== committed, own };
}

/** Side by side, and all of it to its end: nothing writes into a folder that is removed because of a failure. */
async function together<First, Second>(...work: readonly [Promise<First>, Promise<Second> | undefined]): Promise<[First, Second | undefined]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function idOf(output: Buffer): string {
  return output.toString().trim();
}

const attributesName = Buffer.from('.gitattributes');

/** An encoding cannot be switched off, only forgotten. A filter that is not configured does nothing. */
const asCommitted = '* -text -ident !eol !working-tree-encoding\n';

/** Puts each submodule in its place. Gives what the index has to know, so that its tree is the one that was laid out. */
async function layOutSubmodules(request: LayOutRequest, own: OwnDirectory, links: readonly IndexEntry[]): Promise<readonly Buffer[]> {
  if (links.length === 0) return [];
  const changes: Buffer[] = [];
  const submodules = await readSubmodules(own, links, request.repository.top);
  for (const [index, submodule] of submodules.entries()) {
    const temporary = `${request.temporary}.${index}`;
    const source = await sourceOf(request, submodule, { path: `${temporary}.look`, workTree: own.workTree });
    const laidOut = await layOut({ ...request, ...source, temporary });
    if (request.dirty) changes.push(...(await entriesOf(laidOut, submodule, source.commit)));
    // Git made an empty folder there.
    const place = join(own.workTree, submodule.path);
    await rmdir(place);
    await rename(laidOut.folder, place);
  }
  return changes;
}

/** A submodule that stands in the work tree is taken as it stands there; any other at the commit that the tree names. */
async function sourceOf(
  { repository, dirty, caller, open }: LayOutRequest,
  submodule: Submodule,
  look: Pick<OwnDirectoryRequest, 'path' | 'workTree'>,
): Promise<Pick<LayOutRequest, 'repository' | 'commit' | 'dirty'>> {
  const folder = join(repository.top, submodule.path);
  const there = dirty && (await gitDirAt(folder)) !== undefined ? await open(folder) : undefined;
  // Git goes on upwards where `.git` is no git directory.
  if (there !== undefined && there.top === (await realpath(folder))) {
    return { repository: there, commit: (await resolveRevision(there, 'HEAD', caller)).commit, dirty };
  }
  return { repository: await findSubmodule(repository, submodule, look, caller), commit: submodule.commit, dirty: false };
}

/** A changed submodule's files become part of the tree, because no commit names them. */
async function entriesOf({ own, tree, changed }: LaidOut, { path }: Submodule, commit: string): Promise<readonly Buffer[]> {
  if (!changed) return [formatEntry({ mode: '160000', id: commit, path: Buffer.from(path) })];
  const files = await own.git(['ls-tree', '-r', '-z', '--full-tree', tree]);
  const entries = selectEntries(files.stdout, () => true);
  return [formatRemoval(Buffer.from(path), commit.length), ...entries.map((entry) => formatEntry({ ...entry, path: bytesBelow(path, entry.path) }))];
}
