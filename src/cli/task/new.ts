import { change } from '../../operations/change.ts';
import type { TaskRef } from '../../tasks/model.ts';
import { newTask as verb, plannedTask } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export interface NewOptions {
  readonly name?: string | undefined;
}

export async function newTask(call: Call, project: string, options: NewOptions): Promise<void> {
  const changed = await change(call.app, verb, { project, ...(options.name === undefined ? {} : { name: options.name }) });
  if (await printPlan(call, changed)) return;
  const { id } = plannedTask(changed.plan);
  printResult(call, { id, project, name: options.name ?? null }, id);
}

/** Makes a task and gives its reference, for the verbs that begin with one. */
export async function makeTask(call: Call, project: string, options: NewOptions): Promise<TaskRef> {
  const { plan } = await change(call.app, verb, { project, ...(options.name === undefined ? {} : { name: options.name }) });
  return { project, task: plannedTask(plan).id };
}
