import { releasesInUse } from '../../instances/in-use.ts';
import { listReleases, type ReleaseEntry } from '../../instances/releases/store.ts';
import type { ReleaseUse } from '../../instances/in-use.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { formatAge } from '../image/format.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import { releaseJson } from './json.ts';

export async function list(call: Call, service: string | undefined): Promise<void> {
  const { app } = call;
  const entries = await listReleases(app.paths, service === undefined ? undefined : checkIdentifier('service', service));
  const { uses, unreadable } = await releasesInUse(
    app.paths,
    entries.flatMap((entry) => ('release' in entry ? [entry.release] : [])),
  );
  for (const error of unreadable) app.out.warn(`whether this instance uses a release is not known: ${error.message}`);
  const own = ({ ref }: ReleaseEntry) => uses.filter((use) => use.service === ref.service && use.version === ref.version);
  printResult(
    call,
    entries.map((entry) => asJson(entry, own(entry))),
    entries.length === 0 ? '' : table(entries, own, app.clock.now()),
  );
  if (entries.length === 0 && !call.json)
    app.out.note('There are no releases. `slipway release build VERSION` makes one in a repository with a .slipway/service.yml.');
}

function table(entries: readonly ReleaseEntry[], own: (entry: ReleaseEntry) => readonly ReleaseUse[], now: Date): string {
  const rows = entries.map((entry) =>
    'release' in entry
      ? [
          entry.ref.service,
          entry.ref.version,
          formatAge(entry.release.builtAt, now),
          entry.release.gitCommit.slice(0, 12),
          entry.release.imageDigest.replace('sha256:', '').slice(0, 12),
          usedBy(own(entry)),
        ]
      : [entry.ref.service, entry.ref.version, 'broken', '-', '-', '-'],
  );
  const broken = entries.flatMap((entry) => ('error' in entry ? [entry.error.message] : []));
  return [formatTable(['service', 'version', 'built', 'commit', 'image', 'used by'], rows), ...broken].join('\n');
}

function usedBy(uses: readonly ReleaseUse[]): string {
  return uses.map(({ instance, how }) => (how === 'current' ? instance : `${instance} (can go back to it)`)).join(', ') || '-';
}

function asJson(entry: ReleaseEntry, uses: readonly ReleaseUse[]) {
  const used = { used_by: uses.map(({ instance, how }) => ({ instance, how })) };
  if ('release' in entry) return { ...releaseJson(entry.release), state: 'whole', error: null, ...used };
  const { service, version } = entry.ref;
  return {
    id: `${service}/${version}`,
    service,
    version,
    directory: null,
    built_at: null,
    git_commit: null,
    repository: null,
    image_digest: null,
    digest: null,
    state: 'broken',
    error: entry.error.message,
    ...used,
  };
}
