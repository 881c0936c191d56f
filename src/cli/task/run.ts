import { SlipwayError, type ExitCode } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import { resolveProject } from '../../projects/resolve.ts';
import { followRun } from '../../tasks/follow.ts';
import { checkHeadless } from '../../tasks/headless.ts';
import { containerName } from '../../tasks/model.ts';
import { checkRunnable } from '../../tasks/making.ts';
import { newTask, runHeadless } from '../../tasks/verbs.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { makeTask } from './new.ts';

export interface RunFlags {
  readonly agent?: string | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly detach?: true | undefined;
  readonly name?: string | undefined;
}

export async function run(call: Call, project: string, prompt: string, flags: RunFlags): Promise<ExitCode | undefined> {
  const { app } = call;
  // Everything that can be wrong is found before there is a task.
  const agent = flags.agent ?? (await resolveProject(app.paths, project)).defaultAgent;
  await checkHeadless(app, project, agent, prompt);
  if (app.dryRun) {
    await printPlan(call, await change(app, newTask, { project }));
    app.out.note(`Then ${agent} is run in the new task.`);
    return undefined;
  }
  await checkRunnable(app, project);
  const ref = await makeTask(call, project, { name: flags.name ?? defaultName(prompt) });
  await change(app, runHeadless, { ...ref, run: { agent, prompt, timeoutSeconds: flags.timeout ?? 0 } });
  const container = containerName({ ...ref, mode: 'run' });
  if (flags.detach) {
    printResult(call, { id: ref.task, project, container, agent }, ref.task);
    app.out.note(`${agent} works on task ${ref.task}. Follow it with \`slipway task logs -f ${project} ${ref.task}\`.`);
    return undefined;
  }
  if (!call.json) app.out.note(`${agent} works on task ${ref.task} of ${project} (container ${container}).`);
  // With --json stdout holds the result alone: the agent's output goes to stderr.
  const end = await followRun(app, ref, call.json ? { stdout: call.terminal.stderr, stderr: call.terminal.stderr } : call.terminal);
  if (end === undefined) {
    app.out.note(`Detached: ${agent} goes on. See \`slipway task status ${project} ${ref.task}\`; end it with \`slipway task stop ${project} ${ref.task}\`.`);
    return 130;
  }
  if (call.json) printResult(call, { id: ref.task, project, container, agent, exit_code: end.exitCode ?? null, reason: end.reason, ended_at: end.at }, '');
  if (end.exitCode === undefined)
    throw new SlipwayError('E_RUN_LOST', `The container of task ${ref.task} is gone and left no record of how ${agent} ended.`, {
      hint: `Its workspace is still there: \`slipway task status ${project} ${ref.task}\`.`,
    });
  if (end.reason !== 'exited')
    app.out.note(end.reason === 'timeout' ? `${agent} was ended by the time limit of ${flags.timeout ?? 0} s.` : `${agent} was stopped.`);
  return end.exitCode;
}

function defaultName(prompt: string): string {
  const line = prompt.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
