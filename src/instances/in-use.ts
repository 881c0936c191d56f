import { SlipwayError } from '../errors.ts';
import type { Paths } from '../state/paths.ts';
import { readHistory } from './history.ts';
import type { HistoryEntry } from './model.ts';
import type { Manifest, ReleaseRef } from './releases/model.ts';
import type { InstanceFile } from './schema.ts';
import { listInstanceNames, readInstanceFile } from './store.ts';

export interface ReleaseUse extends ReleaseRef {
  readonly instance: string;
  /** `current`: it is configured or serves; `rollback`: its history can go back to it. */
  readonly how: 'current' | 'rollback';
}

export interface InUse {
  readonly uses: readonly ReleaseUse[];
  /** Why instances cannot be read: they may use anything. */
  readonly unreadable: readonly Error[];
}

/** Which of these releases an instance uses, or could roll back to. */
export async function releasesInUse(paths: Paths, releases: readonly Manifest[]): Promise<InUse> {
  const found = await Promise.all((await listInstanceNames(paths)).map((name) => usesOf(paths, name, releases)));
  return { uses: found.flatMap(({ uses }) => uses), unreadable: found.flatMap(({ unreadable }) => unreadable) };
}

async function usesOf(paths: Paths, instance: string, releases: readonly Manifest[]): Promise<InUse> {
  const file = await readInstanceFile(paths, instance).catch((error: unknown) => {
    if (error instanceof SlipwayError) return error;
    throw error;
  });
  if (file instanceof SlipwayError) return { uses: [], unreadable: [file] };
  // A folder whose creation or deletion was cut off.
  if (file === undefined) return { uses: [], unreadable: [] };
  const history = await readHistory(paths, instance);
  const uses = releases.flatMap((release): readonly ReleaseUse[] => {
    const use = { instance, service: release.service, version: release.version };
    if (isConfigured(file, release)) return [{ ...use, how: 'current' }];
    return history.some((entry) => servedBy(entry, file, release)) ? [{ ...use, how: 'rollback' }] : [];
  });
  return { uses, unreadable: [] };
}

const isConfigured = ({ service, version }: InstanceFile, release: Manifest) => service === release.service && version === release.version;

/** One that serves beside an edited configuration is in the history, too. Of an instance that was of another service before, the digest tells. */
function servedBy({ outcome, version, imageDigest }: HistoryEntry, { service }: InstanceFile, release: Manifest): boolean {
  if (outcome === 'update-failed' || version !== release.version) return false;
  return service === release.service || imageDigest === release.imageDigest || imageDigest === release.digest;
}
