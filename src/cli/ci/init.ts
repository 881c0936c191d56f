import { change } from '../../operations/change.ts';
import { yamlSource } from '../../runs/pipeline/files.ts';
import type { WriteStep } from '../../runs/pipeline/steps.ts';
import { initPipeline } from '../../runs/pipeline/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { ownWorktree } from './worktree.ts';

export async function init(call: Call, options: { readonly hook?: true | undefined }): Promise<void> {
  const { top, commonDir } = await ownWorktree(call);
  const changed = await change(call.app, initPipeline, { top, home: commonDir, hook: options.hook ?? false });
  if (await printPlan(call, changed)) return;
  const files = changed.plan.steps.map((step) => (step as WriteStep).file);
  printResult(call, { files }, files.length === 0 ? 'Everything is there already.' : files.map((file) => `Written: ${file}`).join('\n'));
  if (!call.json && files.some((file) => file.endsWith(yamlSource))) call.app.out.note('Look it over, commit it, then `slipway ci run`.');
}
