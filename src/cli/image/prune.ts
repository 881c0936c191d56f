import { usageError } from '../../errors.ts';
import { observePrune } from '../../images/observe-all.ts';
import { unusedImages } from '../../images/prune.ts';
import { pruneImages } from '../../images/verbs.ts';
import { change } from '../../operations/change.ts';
import { canAsk, type Call, printPlan, printResult } from '../call.ts';
import { confirm } from '../confirm.ts';
import { formatBytes } from './format.ts';

export async function prune(call: Call, options: { readonly yes?: true | undefined }): Promise<void> {
  if (!call.app.dryRun && options.yes !== true) await ask(call);
  const changed = await change(call.app, pruneImages, {});
  if (await printPlan(call, changed)) return;
  const removed = unusedImages(changed.before);
  const bytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const text = removed.length === 0 ? 'Nothing to remove: every image is in use.' : `Removed ${removed.map(({ name }) => name).join(', ')} (up to ${formatBytes(bytes)}, less what layers share).`;
  printResult(call, removed.map(({ id, name, sizeBytes }) => ({ id, name, size_bytes: sizeBytes })), text);
}

async function ask(call: Call): Promise<void> {
  if (!canAsk(call)) throw usageError('Images are not removed without being asked for.', 'Give --yes to remove them, or --dry-run to see which.');
  const found = unusedImages(await observePrune(call.app));
  if (found.length === 0) return;
  for (const { name, sizeBytes } of found) call.app.out.note(`- ${name} (${formatBytes(sizeBytes)})`);
  if (!(await confirm(call, `Remove ${found.length === 1 ? 'this image' : `these ${found.length} images`}?`))) throw usageError('Nothing was removed.');
}
