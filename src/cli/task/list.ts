import { readProject } from '../../projects/store.ts';
import type { TaskStatus } from '../../tasks/model.ts';
import { listTasks } from '../../tasks/status.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import type { ExitCode } from '../../errors.ts';
import { statusJson, stateText } from './status.ts';

/** Exit code 1 where a task could not be read or an engine not be asked: the list is then not whole. */
export async function list(call: Call, project: string | undefined): Promise<ExitCode | undefined> {
  if (project !== undefined) await readProject(call.app.paths, project);
  const { tasks, broken, unreachable } = await listTasks(call.app, project);
  printResult(call, tasks.map(statusJson), tasks.length === 0 ? '' : tableOf(tasks));
  if (tasks.length === 0 && broken.length === 0 && !call.json)
    call.app.out.note(
      project === undefined ? 'There are no tasks. `slipway task new PROJECT` makes one.' : `There are no tasks. \`slipway task new ${project}\` makes one.`,
    );
  for (const { problem, refs } of groupProblems(tasks)) call.app.out.warn(`${refs}: ${problem}`);
  for (const { project: of, id, error } of broken) call.app.out.warn(`task ${id} of ${of}: ${error.message}`);
  for (const { error } of unreachable) call.app.out.warn(`${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
  return broken.length + unreachable.length > 0 ? 1 : undefined;
}

function tableOf(tasks: readonly TaskStatus[]): string {
  const rows = tasks.map((task) => [
    task.project,
    task.id,
    task.name ?? '-',
    task.mode ?? '-',
    stateText(task),
    task.run?.agent ?? '-',
    task.createdAt.slice(0, 16).replace('T', ' '),
    task.problems.map(({ kind }) => kind).join(', '),
  ]);
  return formatTable(['project', 'id', 'name', 'mode', 'state', 'agent', 'created', 'attention'], rows);
}

/** One line a reason, however many tasks share it. Problems with an engine are told once, with the engine. */
function groupProblems(tasks: readonly TaskStatus[]): readonly { readonly problem: string; readonly refs: string }[] {
  const groups = new Map<string, string[]>();
  for (const task of tasks) {
    for (const { kind, message, fix } of task.problems) {
      if (kind === 'engine') continue;
      const text = fix === undefined ? message : `${message}; mend it with \`${fix}\``;
      groups.set(text, [...(groups.get(text) ?? []), `${task.project} ${task.id}`]);
    }
  }
  return [...groups].map(([problem, refs]) => ({ problem, refs: refs.length > 5 ? `${refs.length} tasks` : refs.join(', ') }));
}
