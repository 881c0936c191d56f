import { observePrune } from '../../instances/releases/observe.ts';
import { type Kept, unusedReleases } from '../../instances/releases/plan.ts';
import type { Release } from '../../instances/releases/model.ts';
import { pruneReleases } from '../../instances/releases/verbs.ts';
import { listInstanceNames } from '../../instances/store.ts';
import { change } from '../../operations/change.ts';
import { canAsk, type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

export interface PruneOptions {
  readonly keep: number;
  readonly yes?: true | undefined;
}

export async function prune(call: Call, { keep, yes }: PruneOptions): Promise<void> {
  const { app } = call;
  if (canAsk(call) && yes !== true && !app.dryRun) {
    const { unused } = unusedReleases(await observePrune(app), keep);
    if (unused.length === 0) {
      printResult(call, [], nothing(keep));
      return;
    }
    for (const release of unused) app.out.note(`- ${nameOf(release)}`);
  }
  await confirmRemoval(call, yes, 'Remove these releases?');
  const changed = await change(app, pruneReleases, { keep, instances: await listInstanceNames(app.paths) });
  if (await printPlan(call, changed)) return;
  const { unused, kept } = unusedReleases(changed.before, keep);
  for (const entry of changed.before.entries) if ('error' in entry) app.out.warn(`${entry.error.message} It is left as it is.`);
  if (unused.length > 0)
    for (const endpoint of changed.before.away) app.out.warn(`the engine at ${endpoint} does not answer: images of these releases may be left there`);
  printResult(
    call,
    unused.map(({ service, version }) => ({ id: `${service}/${version}`, service, version })),
    [unused.length === 0 ? nothing(keep) : `Removed ${unused.map(nameOf).join(', ')}.`, ...kept.flatMap(whyKept)].join('\n'),
  );
}

const nameOf = ({ service, version }: Pick<Release, 'service' | 'version'>) => `${service} ${version}`;
const nothing = (keep: number) => `Nothing to remove: every release is among the newest ${keep} of its service, or an instance uses it or could go back to it.`;

function whyKept({ release, uses }: Kept): readonly string[] {
  return uses.map(({ instance, how }) => `Kept ${nameOf(release)}: ${how === 'current' ? `${instance} uses it` : `${instance} could go back to it`}.`);
}
