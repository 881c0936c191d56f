import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../../state/paths.ts';
import { isThere } from '../../state/is-there.ts';
import { readImageArchive } from './archive.ts';
import { readChecksums } from './checksums.ts';
import type { ReleaseRef, ServiceDefinition } from './model.ts';
import { filesName, imageName, manifestName, readRelease } from './store.ts';
import { SlipwayError } from '../../errors.ts';

export interface Verified {
  readonly ref: ReleaseRef;
  /** What is wrong, a line each; none: it is whole. */
  readonly problems: readonly string[];
}

/** Manifest, every checksum, required files, the image archive. Throws E_NO_RELEASE. */
export async function verifyRelease(paths: Paths, ref: ReleaseRef, signal?: AbortSignal): Promise<Verified> {
  try {
    const release = await readRelease(paths, ref);
    const found = await readContents(release.directory, release.definition, signal);
    const changed = Object.entries(release.files).flatMap(([path, checksum]) => {
      const now = found.files[path];
      return now === undefined ? [`${path} is missing`] : now === checksum ? [] : [`${path} is not what was built: its checksum differs`];
    });
    const added = Object.keys(found.files).flatMap((path) =>
      release.files[path] === undefined ? [`${path} was not built: the manifest does not name it`] : [],
    );
    const image =
      found.imageDigest === undefined || found.imageDigest === release.imageDigest ? [] : [`${imageName} holds another image than ${release.imageDigest}`];
    // One that is missing is told once.
    const problems = found.problems.filter((problem) => !changed.includes(problem));
    return { ref, problems: [...changed, ...added, ...problems, ...image] };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_RELEASE_BROKEN') return { ref, problems: [error.message, ...(error.detail?.split('\n') ?? [])] };
    throw error;
  }
}

export interface Contents {
  readonly files: Readonly<Record<string, string>>;
  readonly imageDigest: string | undefined;
  readonly problems: readonly string[];
}

/** What is in a release's folder, or in the one in which it is put together, and what it lacks. */
export async function readContents(directory: string, definition: ServiceDefinition, signal?: AbortSignal): Promise<Contents> {
  const names = await namesIn(directory);
  const foreign = names.filter((name) => ![manifestName, imageName, filesName].includes(name)).map((name) => `${name} does not belong there`);
  const archive = names.includes(imageName) ? await readImageArchive(join(directory, imageName), signal) : undefined;
  const copied = names.includes(filesName) ? await readChecksums(directory, signal) : undefined;
  const strange = (copied?.strange ?? []).map((path) => `${path} is neither a file nor a link`);
  return {
    files: { ...(archive === undefined ? {} : { [imageName]: archive.checksum }), ...copied?.files },
    imageDigest: archive?.imageDigest,
    problems: [
      ...foreign,
      ...(archive === undefined ? [`${imageName} is missing`] : archive.problem === undefined ? [] : [`${imageName} is broken: ${archive.problem}`]),
      ...(copied === undefined ? [`${filesName}/ is missing`] : strange),
      ...(await missingOf(directory, definition)),
    ],
  };
}

async function missingOf(directory: string, { requiredFiles, kind, command }: ServiceDefinition): Promise<readonly string[]> {
  // A program that a path names is one of the release's; any other is the machine's.
  const program = kind === 'process' && command?.[0]?.includes('/') && !command[0].startsWith('/') ? [command[0]] : [];
  const wanted = [...new Set([...requiredFiles, ...program].map((path) => path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')))];
  // A link that leads nowhere is not the file that is needed.
  const states = await Promise.all(wanted.map((path) => isThere(join(directory, filesName, path), stat)));
  return wanted.flatMap((path, index) => (states[index] ? [] : [`${filesName}/${path} is missing`]));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const kinds = await Promise.all(names.map(async (name) => ((await lstat(join(directory, name))).isSymbolicLink() ? [] : [name])));
  return kinds.flat();
}
