import { SlipwayError } from '../errors.ts';
import type { Json, Plan, Verb } from '../operations/model.ts';
import { readProject } from '../projects/store.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import type { TaskMetadata } from './model.ts';
import { lastTaskId } from './ids.ts';

export interface NewTaskWanted {
  readonly project: string;
  readonly name?: string;
}

interface NewTaskObserved {
  readonly lastId: number;
  readonly at: string;
}

const nameLimit = 100;

/** Gives out the next id and writes the task's metadata. The workspace is filled by the first run. */
export const newTask: Verb<NewTaskWanted, NewTaskObserved> = {
  name: 'task.new',
  locks: ({ project }) => [`project/${checkIdentifier('project', project)}/task-ids`],
  async observe(app, { project }) {
    await readProject(app.paths, project);
    return { lastId: await lastTaskId(app.paths, project), at: app.clock.now().toISOString() };
  },
  plan: planNew,
  describe: ({ project }) => `task new ${project}`,
};

/** A crash after the id was claimed loses that id and nothing else: ids are never given out twice. */
export function planNew({ lastId, at }: NewTaskObserved, { project, name }: NewTaskWanted): Plan {
  checkName(name);
  const id = lastId + 1;
  const metadata: TaskMetadata = { id: String(id), project, createdAt: at, ...(name === undefined ? {} : { name }) };
  return {
    steps: [
      { do: 'task.claim-id', project, id },
      { do: 'task.write', metadata: metadata as unknown as Json, commit: true },
    ],
    otherwise: [],
  };
}

/** The task that a plan of `task.new` makes. */
export function plannedTask({ steps }: Plan): TaskMetadata {
  return steps.find((step) => step.do === 'task.write')?.metadata as unknown as TaskMetadata;
}

function checkName(name: string | undefined): void {
  if (name === undefined || (name.trim() !== '' && name.length <= nameLimit && !/\p{Cc}/u.test(name))) return;
  throw new SlipwayError('E_BAD_NAME', "A task's name is one line of 1 to 100 characters.", { exitCode: 2, hint: 'Give another --name, or none.' });
}
