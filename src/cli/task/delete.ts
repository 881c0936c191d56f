import { change } from '../../operations/change.ts';
import { observeTask } from '../../tasks/observe.ts';
import { deleteTask } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

export async function remove(call: Call, project: string, task: string, options: { readonly yes?: true | undefined }): Promise<void> {
  const ref = { project, task };
  // What cannot be deleted is said before anybody is asked.
  if (options.yes !== true) await observeTask(call.app, ref);
  await confirmRemoval(call, options.yes, `Remove task ${task} of ${project} with its workspace and container?`);
  const changed = await change(call.app, deleteTask, ref);
  if (await printPlan(call, changed)) return;
  printResult(call, { id: task, project, deleted: true }, `Task ${task} of ${project} is deleted.`);
}
