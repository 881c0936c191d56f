import { observePrune } from '../../images/observe-all.ts';
import { unusedImages } from '../../images/prune.ts';
import { pruneImages } from '../../images/verbs.ts';
import { change } from '../../operations/change.ts';
import { canAsk, type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';
import { formatBytes } from './format.ts';

export async function prune(call: Call, options: { readonly yes?: true | undefined }): Promise<void> {
  if (canAsk(call) && options.yes !== true) await show(call);
  await confirmRemoval(call, options.yes, 'Remove every image that nothing uses?');
  const changed = await change(call.app, pruneImages, {});
  if (await printPlan(call, changed)) return;
  const removed = unusedImages(changed.before);
  const bytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const text =
    removed.length === 0
      ? 'Nothing to remove: every image is in use.'
      : `Removed ${removed.map(({ name }) => name).join(', ')} (up to ${formatBytes(bytes)}, less what layers share).`;
  printResult(
    call,
    removed.map(({ id, name, sizeBytes }) => ({ id, name, size_bytes: sizeBytes })),
    text,
  );
}

/** What the question is about. */
async function show(call: Call): Promise<void> {
  for (const { name, sizeBytes } of unusedImages(await observePrune(call.app))) call.app.out.note(`- ${name} (${formatBytes(sizeBytes)})`);
}
