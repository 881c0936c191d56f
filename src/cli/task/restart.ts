import { change } from '../../operations/change.ts';
import { restartTask } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export interface RestartFlags {
  readonly force?: true | undefined;
  readonly recreate?: true | undefined;
}

export async function restart(call: Call, project: string, task: string, flags: RestartFlags): Promise<void> {
  const wanted = { project, task, force: flags.force ?? false, recreate: flags.recreate ?? false, after: call.app.clock.now().toISOString() };
  const changed = await change(call.app, restartTask, wanted);
  if (await printPlan(call, changed)) return;
  const done = changed.operation !== undefined;
  const text = done ? `Task ${task} of ${project} is running.` : `Task ${task} of ${project} is already running.`;
  printResult(call, { id: task, project, state: 'running', changed: done }, text);
}
