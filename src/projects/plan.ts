import { SlipwayError } from '../errors.ts';
import type { Plan } from '../operations/model.ts';
import type { DeleteProjectObserved, NewProjectObserved } from './observe.ts';
import { noProject } from './store.ts';

export function planNew({ existing, text }: NewProjectObserved, id: string): Plan {
  if (existing !== undefined) {
    throw new SlipwayError('E_PROJECT_EXISTS', `The project \`${id}\` exists already.`, {
      hint: `\`slipway project show ${id}\` shows it. Choose another id, or edit its project.yml.`,
    });
  }
  return { steps: [{ do: 'project.write', project: id, text }] };
}

/** What Slipway keeps goes first: as long as project.yml is there, a delete that was cut off can be told and run again. */
export function planDelete(observed: DeleteProjectObserved, id: string): Plan {
  const { configDir, stateDirs, tasks, known } = observed;
  if (isGone(observed)) throw noProject(id, known);
  if (tasks.length > 0) throw hasTasks(id, tasks);
  return {
    steps: [
      ...stateDirs.map((directory) => ({ do: 'project.remove-state', project: id, directory })),
      ...(configDir === undefined ? [] : [{ do: 'project.remove-config', project: id, directory: configDir }]),
    ],
  };
}

/** Nothing of the project is there. What is left of one whose project.yml was removed by hand can be deleted. */
export function isGone({ configDir, stateDirs }: DeleteProjectObserved): boolean {
  return configDir === undefined && stateDirs.length === 0;
}

function hasTasks(id: string, tasks: readonly string[]): SlipwayError {
  const named = tasks.length <= 10 ? tasks.join(', ') : `${tasks.slice(0, 10).join(', ')} and ${tasks.length - 10} more`;
  return new SlipwayError('E_PROJECT_HAS_TASKS', `The project \`${id}\` has ${tasks.length === 1 ? 'a task' : 'tasks'}: ${named}.`, {
    hint: `Remove ${tasks.length === 1 ? 'it' : 'each'} first, with \`slipway task delete ${id} ${tasks[0]}\`${tasks.length === 1 ? '' : ' and so on'}; a task's workspace may hold work.`,
  });
}
