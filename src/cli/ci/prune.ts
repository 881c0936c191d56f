import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import type { PruneObserved, PruneWanted } from '../../runs/prune.ts';
import { pruneRuns } from '../../runs/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

/** Kept of each repository where nothing else is asked for. */
const usualKeep = 20;

export async function prune(
  call: Call,
  options: { readonly keep?: number | undefined; readonly olderThan?: number | undefined; readonly yes?: true | undefined },
): Promise<void> {
  const { app } = call;
  const wanted = wantedOf(app, options);
  const { before: planned } = await change({ ...app, dryRun: true }, pruneRuns, wanted);
  for (const { endpoint, error } of planned.away) app.out.warn(`What the engine at ${endpoint} holds stays: ${error}`);
  if (app.dryRun) return void (await printPlan(call, await change(app, pruneRuns, wanted)));
  const count = planned.runs.length + planned.images.length + planned.caches.length + planned.hostCaches.length;
  if (count > 0) await confirmRemoval(call, options.yes, `Remove ${textOf(planned)}?`);
  const { before } = count === 0 ? { before: planned } : await change(app, pruneRuns, wanted);
  printResult(call, jsonOf(before), count === 0 ? 'Nothing to remove.' : `Removed ${textOf(before)}.`);
}

function wantedOf({ clock }: App, { keep, olderThan }: { readonly keep?: number | undefined; readonly olderThan?: number | undefined }): PruneWanted {
  const before = olderThan === undefined ? {} : { before: new Date(clock.now().getTime() - olderThan * 1000).toISOString() };
  return { ...before, ...(keep === undefined && olderThan !== undefined ? {} : { keep: keep ?? usualKeep }) };
}

function textOf({ runs, images, caches, hostCaches }: PruneObserved): string {
  const counted = (count: number, one: string) => (count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`]);
  return [...counted(runs.length, 'run'), ...counted(images.length, 'image'), ...counted(caches.length + hostCaches.length, 'cache')].join(', ') || 'nothing';
}

function jsonOf({ runs, images, caches, hostCaches }: PruneObserved) {
  return {
    runs: runs.map(({ run, repository }) => ({ id: run, repository })),
    images: images.map(({ reference, sizeBytes }) => ({ name: reference, size_bytes: sizeBytes })),
    caches: [
      ...caches.map(({ repository, key, volume }) => ({ repository, key, volume })),
      ...hostCaches.map(({ repository, name }) => ({ repository, key: null, volume: name })),
    ],
  };
}
