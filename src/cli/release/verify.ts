import type { ExitCode } from '../../errors.ts';
import { noRelease, listReleases } from '../../instances/releases/store.ts';
import { type Verified, verifyRelease } from '../../instances/releases/verify.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { type Call, printResult } from '../call.ts';

/** Reads every byte of them. */
export async function verify(call: Call, service: string | undefined, version: string | undefined): Promise<ExitCode> {
  const { app } = call;
  const entries = await listReleases(app.paths, service === undefined ? undefined : checkIdentifier('service', service));
  const refs = entries.map(({ ref }) => ref).filter((ref) => version === undefined || ref.version === version);
  if (service !== undefined && refs.length === 0) {
    const known = (await listReleases(app.paths)).map(({ ref }) => ref);
    throw noRelease({ service, version: version ?? '' }, known);
  }
  const verified: Verified[] = [];
  for (const ref of refs) {
    app.out.progress(`Verifying ${ref.service} ${ref.version}`);
    verified.push(await verifyRelease(app.paths, ref, app.signal));
  }
  printResult(
    call,
    verified.map(({ ref, problems }) => ({ id: `${ref.service}/${ref.version}`, ...ref, whole: problems.length === 0, problems })),
    verified.map(line).join('\n'),
  );
  if (verified.length === 0 && !call.json) app.out.note('There are no releases.');
  return verified.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

function line({ ref, problems }: Verified): string {
  const name = `${ref.service} ${ref.version}`;
  return problems.length === 0 ? `${name}: whole` : [`${name}: not whole`, ...problems.map((problem) => `  ${problem}`)].join('\n');
}
