import { SlipwayError } from '../../errors.ts';
import { complaint } from '../../git/complaint.ts';
import { ask, lineOf, type Repository } from '../../git/repository.ts';
import type { GitCaller } from '../../git/run-git.ts';
import { shellWord } from '../../git/shell-word.ts';
import type { App } from '../../operations/model.ts';
import { checkVersion, isVersion } from '../../state/identifiers.ts';
import { nearest } from '../../state/nearest.ts';
import { openSource, type Source } from './repository.ts';

export interface ResolvedVersion {
  /** The tag's name. */
  readonly version: string;
  /** Full id of the commit that it names. */
  readonly commit: string;
}

/**
 * The version to build: the tag of that name, or the newest one (by semver, prereleases last; where none is a version, by date).
 * Throws E_NO_TAG (`Git tag V not found`), E_NO_REPOSITORY, E_CLONE.
 */
export async function resolveVersion(app: App, repository: string, version?: string): Promise<ResolvedVersion> {
  const caller = { env: app.env, signal: app.signal };
  if (version === undefined) return newestTag(await openSource(app, repository), caller);
  checkVersion(version);
  // A copy that has the tag is not brought up to date for it: a release is made of it once.
  const source = await openSource(app, repository, async (git) => (await tagCommit(git, version, caller)) !== undefined);
  const commit = await tagCommit(source.git, version, caller);
  if (commit === undefined) throw await noTag(source, version, caller);
  return { version, commit };
}

/** `undefined`: there is no such tag, or it names no commit. */
async function tagCommit(git: Repository, version: string, caller: GitCaller): Promise<string | undefined> {
  const found = await ask(git.top, caller, 'rev-parse', '--verify', '--quiet', `refs/tags/${version}^{commit}`);
  return found.ok ? lineOf(found.stdout) : undefined;
}

interface Tag extends ResolvedVersion {
  /** Seconds. */
  readonly at: number;
}

async function tagsOf({ git }: Source, caller: GitCaller): Promise<readonly Tag[]> {
  const fields = ['refname:lstrip=2', 'objecttype', 'objectname', '*objecttype', '*objectname', 'creatordate:unix'];
  const listed = await ask(git.top, caller, 'for-each-ref', `--format=${fields.map((field) => `%(${field})`).join('%00')}`, 'refs/tags');
  if (!listed.ok) {
    throw new SlipwayError('E_REPOSITORY_UNREADABLE', `Git cannot list the tags of ${git.top}.`, {
      detail: complaint(listed.stderr),
      hint: `\`git -C ${shellWord(git.top)} tag\` should work first.`,
    });
  }
  return lineOf(listed.stdout)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [version = '', type, id = '', peeledType, peeled = '', at] = line.split('\0');
      const commit = type === 'commit' ? id : peeledType === 'commit' ? peeled : undefined;
      return commit === undefined || !isVersion(version) ? [] : [{ version, commit, at: Number(at) }];
    });
}

async function newestTag(source: Source, caller: GitCaller): Promise<ResolvedVersion> {
  const newest = await newestOf(await tagsOf(source, caller));
  if (newest !== undefined) return { version: newest.version, commit: newest.commit };
  throw new SlipwayError('E_NO_TAG', `Git tag not found: ${source.shown} has none.`, {
    hint: source.mirrored ? 'Tag a commit there and push the tag.' : `Tag a commit: \`git -C ${shellWord(source.git.top)} tag v1.0.0\`.`,
  });
}

/** Exported for its test. */
export async function newestOf<T extends Pick<Tag, 'version' | 'at'>>(tags: readonly T[]): Promise<T | undefined> {
  const { parse, compare } = (await import('semver')).default;
  const versions = tags.flatMap((tag) => {
    const version = parse(tag.version);
    return version === null ? [] : [{ tag, version }];
  });
  const finished = versions.filter(({ version }) => version.prerelease.length === 0);
  const candidates = finished.length > 0 ? finished : versions;
  const byVersion = [...candidates].sort((a, b) => compare(b.version, a.version) || b.tag.at - a.tag.at);
  return byVersion[0]?.tag ?? [...tags].sort((a, b) => b.at - a.at || (a.version < b.version ? 1 : -1))[0];
}

async function noTag(source: Source, version: string, caller: GitCaller): Promise<SlipwayError> {
  const known = (await tagsOf(source, caller)).map((tag) => tag.version);
  const near = nearest(version, known);
  const top = shellWord(source.git.top);
  const where = source.mirrored ? `\`git ls-remote --tags ${source.shown}\` shows the tags.` : `\`git -C ${top} fetch --tags\` brings new tags.`;
  return new SlipwayError('E_NO_TAG', `Git tag ${version} not found in ${source.shown}.`, {
    hint: near === undefined ? where : `Did you mean \`${near}\`? ${where}`,
  });
}
