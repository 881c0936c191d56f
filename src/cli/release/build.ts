import { SlipwayError } from '../../errors.ts';
import { ensureRelease } from '../../instances/releases/ensure.ts';
import type { Release } from '../../instances/releases/model.ts';
import { listReleases } from '../../instances/releases/store.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { releaseJson } from './json.ts';

export async function build(call: Call, first: string, second: string | undefined, options: { readonly repo?: string | undefined }): Promise<void> {
  const started = Date.now();
  const [service, version] = second === undefined ? [undefined, first] : [first, second];
  const made = await ensureRelease(call.app, { service, version, repository: options.repo ?? '.' }).catch(async (error: unknown) => {
    const known = options.repo === undefined && service !== undefined && isElsewhere(error) ? await repositoryOf(call, service) : undefined;
    if (known === undefined) throw error;
    call.app.out.note(`This is not a repository: ${known} is taken, of which ${service} was built before.`);
    return ensureRelease(call.app, { service, version, repository: known });
  });
  if (made.changed !== undefined && (await printPlan(call, made.changed))) return;
  if (call.app.dryRun) {
    printResult(call, { steps: [] }, 'Nothing to do.');
    return;
  }
  const release = made.release as Release;
  const { service: name, version: built } = made.ref;
  const text = made.reused
    ? `Release ${built} of ${name} is there already: ${release.directory}`
    : `Built release ${built} of ${name} in ${Math.round((Date.now() - started) / 1000)} s: ${release.directory}`;
  printResult(call, { ...releaseJson(release), reused: made.reused }, text);
}

const isElsewhere = (error: unknown) => error instanceof SlipwayError && error.code === 'E_NO_REPOSITORY';

/** That of the newest release of the service. */
async function repositoryOf(call: Call, service: string): Promise<string | undefined> {
  const entries = await listReleases(call.app.paths, service);
  return entries.flatMap((entry) => ('release' in entry ? [entry.release.repository] : []))[0];
}
