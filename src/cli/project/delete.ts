import { change } from '../../operations/change.ts';
import { observeProject } from '../../projects/observe.ts';
import { planDelete } from '../../projects/plan.ts';
import { deleteProject } from '../../projects/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

export async function remove(call: Call, id: string, options: { readonly yes?: true | undefined }): Promise<void> {
  if (options.yes !== true) await ask(call, id);
  const changed = await change(call.app, deleteProject, { id });
  if (await printPlan(call, changed)) return;
  printResult(call, { id, deleted: true }, `Project ${id} is deleted.`);
}

/** What cannot be deleted is said before anybody is asked. */
async function ask(call: Call, id: string): Promise<void> {
  const observed = await observeProject(call.app.paths, id);
  planDelete(observed, id);
  const files = observed.configFiles.length === 0 ? '' : ` with ${observed.configFiles.join(', ')}`;
  await confirmRemoval(call, undefined, `Remove the project ${id}${files}?`);
}
