import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { isMissing, stateError, writeFileAtomic } from '../../state/atomic.ts';
import { isIdentifier, isVersion } from '../../state/identifiers.ts';
import { nearest } from '../../state/nearest.ts';
import { type Paths, releaseDir, releaseDraft, releasesDir, serviceReleasesDir } from '../../state/paths.ts';
import { formatYaml, readYaml } from '../../state/yaml.ts';
import { readYamlCached } from '../../state/yaml-cache.ts';
import { serviceFromFile } from './from-file.ts';
import type { ManifestFile } from './manifest-schema.ts';
import type { Release, ReleaseRef } from './model.ts';

const format = 1;

export const manifestName = 'manifest.yml';
export const imageName = 'image.tar';
export const filesName = 'files';

/** One of `release list`: a broken one is an entry with its error. */
export type ReleaseEntry = { readonly ref: ReleaseRef; readonly release: Release } | { readonly ref: ReleaseRef; readonly error: Error };

/** Throws E_NO_RELEASE, E_RELEASE_BROKEN (its manifest cannot be read). Checksums are `verifyRelease`'s. */
export async function readRelease(paths: Paths, ref: ReleaseRef): Promise<Release> {
  const release = await readReleaseIfAny(paths, ref);
  if (release === undefined) throw noRelease(ref, await listRefs(paths));
  return release;
}

/** `undefined`: there is none. */
export async function readReleaseIfAny(paths: Paths, ref: ReleaseRef): Promise<Release | undefined> {
  const directory = releaseDir(paths, ref.service, ref.version);
  const file = join(directory, manifestName);
  const name = `release-${ref.service}-${encodeURIComponent(ref.version)}`;
  const found = await readYamlCached(paths, name, file, async () => (await import('./manifest-schema.ts')).manifestSchema).catch((cause: unknown) => {
    throw cause instanceof SlipwayError && cause.code === 'E_BAD_FILE' ? broken(ref, directory, cause) : cause;
  });
  if (found !== undefined) return fromFile(ref, directory, found);
  if (await isFolder(directory)) throw broken(ref, directory, new Error(`there is no ${manifestName}`));
  return undefined;
}

/** All, or a service's, newest first in each service. */
export async function listReleases(paths: Paths, service?: string): Promise<readonly ReleaseEntry[]> {
  const refs = await listRefs(paths, service);
  const entries = await Promise.all(
    refs.map(async (ref): Promise<ReleaseEntry | undefined> => {
      try {
        const release = await readReleaseIfAny(paths, ref);
        return release && { ref, release };
      } catch (error) {
        return { ref, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
  const at = (entry: ReleaseEntry) => ('release' in entry ? entry.release.builtAt : '');
  return entries.filter((entry) => entry !== undefined).sort((a, b) => compare(a.ref.service, b.ref.service) || compare(at(b), at(a)));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The folders, whatever is in them. */
async function listRefs(paths: Paths, service?: string): Promise<readonly ReleaseRef[]> {
  const services = service === undefined ? (await names(releasesDir(paths))).filter(isIdentifier) : [service];
  const all = await Promise.all(
    services.map(async (one) =>
      (await names(serviceReleasesDir(paths, one))).flatMap((name) => versionsOf(name).map((version) => ({ service: one, version }))),
    ),
  );
  return all.flat();
}

function versionsOf(folder: string): readonly string[] {
  try {
    const version = decodeURIComponent(folder);
    return isVersion(version) && encodeURIComponent(version) === folder ? [version] : [];
  } catch {
    return [];
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', folder, cause);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    (cause: unknown) => {
      if (isMissing(cause)) return false;
      throw stateError('read', path, cause);
    },
  );
}

function fromFile(ref: ReleaseRef, directory: string, file: ManifestFile): Release {
  if (file.service !== ref.service || file.version !== ref.version) {
    throw broken(ref, directory, new Error(`its manifest is that of ${file.service} ${file.version}`));
  }
  if (digestOf(file.files) !== file.digest) throw broken(ref, directory, new Error('its checksums are not those that its digest was made of'));
  return {
    service: file.service,
    version: file.version,
    builtAt: file.built_at,
    gitCommit: file.git_commit,
    repository: file.repository,
    imageDigest: file.image_digest,
    files: file.files,
    digest: file.digest,
    builtOn: file.built_on,
    definition: serviceFromFile(file.definition, file.service),
    directory,
  };
}

/** What the manifest of a release that is being put together says already; `undefined`: there is none yet. */
export async function readDraftDigest(paths: Paths, service: string, operation: string): Promise<Pick<Release, 'digest' | 'imageDigest'> | undefined> {
  const { manifestSchema } = await import('./manifest-schema.ts');
  const found = await readYaml(join(releaseDraft(paths, service, operation), manifestName), manifestSchema);
  return found && { digest: found.digest, imageDigest: found.image_digest };
}

export type ManifestContent = Pick<
  ManifestFile,
  'service' | 'version' | 'built_at' | 'git_commit' | 'repository' | 'image_digest' | 'built_on' | 'definition' | 'files'
>;

/** Written into the folder in which a release is put together. */
export async function writeManifest(folder: string, manifest: ManifestContent): Promise<void> {
  const { files, ...rest } = manifest;
  // The checksums last: they are what nobody reads.
  const file = { format, ...rest, digest: digestOf(files), files };
  await writeFileAtomic(join(folder, manifestName), await formatYaml(file));
}

/** SHA-256 over a line for each path, `<checksum>  <path>`, in the order of the paths' characters. */
export function digestOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const path of Object.keys(files).sort()) hash.update(`${files[path]}  ${JSON.stringify(path)}\n`);
  return `sha256:${hash.digest('hex')}`;
}

export function broken({ service, version }: ReleaseRef, directory: string, cause: unknown): SlipwayError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SlipwayError('E_RELEASE_BROKEN', `Release ${version} of ${service} is not whole: ${why}`, {
    cause,
    ...(cause instanceof SlipwayError && cause.detail !== undefined ? { detail: cause.detail } : {}),
    hint: `Restore ${directory} from a backup, or remove it; \`slipway release build ${service} ${version}\` then builds it again.`,
  });
}

/** An empty version: any. */
export function noRelease({ service, version }: ReleaseRef, known: readonly ReleaseRef[]): SlipwayError {
  const versions = known.filter((ref) => ref.service === service).map((ref) => ref.version);
  const near = versions.length === 0 ? nearest(service, [...new Set(known.map((ref) => ref.service))]) : nearest(version, versions);
  const hint = near === undefined ? '`slipway release list` shows the releases.' : `Did you mean \`${near}\`? \`slipway release list\` shows the releases.`;
  return new SlipwayError('E_NO_RELEASE', `There is no release ${version === '' ? '' : `${version} `}of ${service}.`, { hint });
}
