import { change } from '../../operations/change.ts';
import { stopTask } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function stop(call: Call, project: string, task: string, options: { readonly timeout?: number | undefined }): Promise<void> {
  const wanted = { project, task, ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }) };
  if (await printPlan(call, await change(call.app, stopTask, wanted))) return;
  printResult(call, { id: task, project, state: 'exited' }, `Task ${task} of ${project} is stopped.`);
}
