import { change } from '../../operations/change.ts';
import { checkRunnable } from '../../tasks/making.ts';
import { newTask } from '../../tasks/verbs.ts';
import { type Call, printPlan } from '../call.ts';
import { makeTask, type NewOptions } from './new.ts';
import { runCli } from './run-cli.ts';

export async function start(call: Call, project: string, options: NewOptions): Promise<void> {
  if (call.app.dryRun) {
    await printPlan(call, await change(call.app, newTask, { project }));
    call.app.out.note('Then the new task is run: see `slipway task run-cli --dry-run` once it is there.');
    return;
  }
  await checkRunnable(call.app, project);
  const { task } = await makeTask(call, project, options);
  await runCli(call, project, task);
}
