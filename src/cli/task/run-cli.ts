import { change } from '../../operations/change.ts';
import { containerName } from '../../tasks/model.ts';
import { runCli as verb } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function runCli(call: Call, project: string, task: string): Promise<void> {
  const changed = await change(call.app, verb, { project, task });
  if (await printPlan(call, changed)) return;
  const container = containerName({ project, mode: 'cli', task });
  const was = changed.operation === undefined ? 'already running' : 'running';
  printResult(
    call,
    { id: task, project, container, state: 'running', changed: changed.operation !== undefined },
    `Task ${task} of ${project} is ${was} (container ${container}).`,
  );
  if (!call.json) call.app.out.note(`Enter it with \`slipway task exec ${project} ${task}\`.`);
}
