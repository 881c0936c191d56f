import { usageError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import { readTask } from '../../tasks/store.ts';
import { deleteTask } from '../../tasks/verbs.ts';
import { canAsk, type Call, printPlan, printResult } from '../call.ts';
import { confirm } from '../confirm.ts';

export async function remove(call: Call, project: string, task: string, options: { readonly yes?: true | undefined }): Promise<void> {
  const ref = { project, task };
  if (!call.app.dryRun && options.yes !== true && canAsk(call)) {
    await readTask(call.app.paths, ref);
    if (!(await confirm(call, `Remove task ${task} of ${project} with its workspace and container?`))) throw usageError('Nothing was removed.');
  }
  const changed = await change(call.app, deleteTask, ref);
  if (await printPlan(call, changed)) return;
  printResult(call, { id: task, project, deleted: true }, `Task ${task} of ${project} is deleted.`);
}
