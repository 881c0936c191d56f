import type { ContainerState, ContainerSummary } from '../engine/model.ts';
import type { SlipwayError } from '../errors.ts';
import { label } from '../containers/labels.ts';
import { listSought, type UnreachableEngine } from '../containers/list-sought.ts';
import type { App } from '../operations/model.ts';
import { listProjectIds } from '../projects/store.ts';
import { taskRecords, taskWorkspace } from '../state/paths.ts';
import { readTasks, type TaskEntry } from './index-file.ts';
import {
  containerName,
  isStopped,
  type RunEnd,
  shownState,
  type TaskMetadata,
  type TaskProblem,
  type TaskRef,
  type TaskState,
  type TaskStatus,
} from './model.ts';
import { findContainer, readKnownTask } from './observe.ts';
import { endOf, readExitRecord } from './run-end.ts';
import { containerProblems, judge } from './staleness.ts';

/** One task, computed from its file and its engine, which is asked for the container and the project's images at once. */
export async function taskStatus(app: App, ref: TaskRef): Promise<TaskStatus> {
  const task = await readKnownTask(app, ref);
  if (task.mode === undefined || task.engine === undefined) return describe(app, task, undefined, []);
  const [container, problemsOf] = await Promise.all([findContainer(app, task), judge(app, task.project, app.engineAt(task.engine))]);
  return describe(app, task, container, container === undefined ? [] : await problemsOf({ task, imageId: container.imageId }));
}

export interface TaskList {
  readonly tasks: readonly TaskStatus[];
  /** Files that could not be read; they are tasks too. */
  readonly broken: readonly { readonly id: string; readonly project: string; readonly error: SlipwayError }[];
  /** Engines that did not answer: the state of their tasks is `unknown`. */
  readonly unreachable: readonly UnreachableEngine[];
}

/** All tasks, or those of one project. Each engine in use is asked once. */
export async function listTasks(app: App, project?: string): Promise<TaskList> {
  const projects = project === undefined ? await listProjectIds(app.paths) : [project];
  const entries: { readonly project: string; readonly entry: TaskEntry }[] = [];
  for (const id of projects) for (const entry of await readTasks(app.paths, id)) entries.push({ project: id, entry });
  const tasks = entries.flatMap(({ entry }) => ('task' in entry ? [entry.task] : []));
  const { containers, unreachable } = await findContainers(app, tasks);
  const lost = new Map(unreachable.map(({ endpoint, error }) => [endpoint, error]));
  const lostOf = (task: TaskMetadata) => task.engine && lost.get(task.engine.endpoint);
  const found = tasks.flatMap((task) => {
    const container = containers.get(keyOf(task));
    return container === undefined || lostOf(task) !== undefined ? [] : [{ task, imageId: container.imageId }];
  });
  const problems = new Map((await containerProblems(app, found)).map((one) => [keyOf(one.task), one.problems]));
  return {
    tasks: await Promise.all(
      tasks.map((task) => {
        const error = lostOf(task);
        if (error) return unknownStatus(app, task, error);
        return describe(app, task, containers.get(keyOf(task)), problems.get(keyOf(task)) ?? []);
      }),
    ),
    broken: entries.flatMap(({ project: id, entry }) => ('error' in entry ? [{ id: entry.id, project: id, error: entry.error }] : [])),
    unreachable,
  };
}

type Seen = Pick<ContainerSummary, 'id' | 'state' | 'imageId'> & {
  readonly startedAt?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly finishedAt?: string | undefined;
};

const keyOf = (task: TaskMetadata) => `${task.project}/${task.id}`;

async function findContainers(
  app: App,
  tasks: readonly TaskMetadata[],
): Promise<{ readonly containers: ReadonlyMap<string, ContainerSummary>; readonly unreachable: readonly UnreachableEngine[] }> {
  const sought = tasks.flatMap(({ project, id: task, mode, engine }) =>
    engine === undefined ? [] : [{ engine, container: mode && containerName({ project, mode, task }) }],
  );
  const { containers, unreachable } = await listSought(app, { kind: 'task', sought, what: "this task's container" });
  const keyed = containers.flatMap((container) => {
    const { [label.project]: project = '', [label.task]: task = '', [label.mode]: mode = '' } = container.labels;
    // The one that the task's name points at: `--recreate` keeps the old one for a moment.
    return container.name === `${project}-${mode}-${task}` ? [[`${project}/${task}`, container] as const] : [];
  });
  return { containers: new Map(keyed), unreachable };
}

async function describe(app: App, task: TaskMetadata, container: Seen | undefined, problems: readonly TaskProblem[]): Promise<TaskStatus> {
  const end = task.run === undefined || task.run.end !== undefined ? undefined : await currentEnd(app, task, container);
  return {
    ...described(app, task),
    state: stateOf(task, container),
    containerId: container?.id,
    startedAt: container?.startedAt,
    run: end === undefined || task.run === undefined ? task.run : { ...task.run, end },
    problems: [...missingProblem(task, container), ...problems],
  };
}

function described(app: App, task: TaskMetadata): Omit<TaskStatus, 'state' | 'containerId' | 'startedAt' | 'run' | 'problems'> {
  return {
    id: task.id,
    project: task.project,
    name: task.name,
    mode: task.mode,
    container: task.mode && containerName({ project: task.project, mode: task.mode, task: task.id }),
    engine: task.engine,
    createdAt: task.createdAt,
    workspace: taskWorkspace(app.paths, task.project, task.id),
  };
}

function unknownStatus(app: App, task: TaskMetadata, error: SlipwayError): TaskStatus {
  const problem: TaskProblem = { kind: 'engine', message: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) };
  return { ...described(app, task), state: 'unknown', containerId: undefined, startedAt: undefined, run: task.run, problems: [problem] };
}

function stateOf(task: TaskMetadata, container: { readonly state: ContainerState } | undefined): TaskState {
  if (container !== undefined) return shownState(container.state);
  return task.mode === undefined ? 'created' : 'not-found';
}

/** A task that has run and whose container somebody removed. */
function missingProblem({ project, id, mode, run }: TaskMetadata, container: Seen | undefined): readonly TaskProblem[] {
  if (mode === undefined || container !== undefined || run?.end !== undefined) return [];
  return [{ kind: 'mismatch', message: `has run in mode \`${mode}\`, but its container is gone`, fix: `slipway task restart ${project} ${id}` }];
}

/** A run whose end nobody has recorded yet. */
async function currentEnd(app: App, task: TaskMetadata, container: Seen | undefined): Promise<RunEnd | undefined> {
  if (container !== undefined && !isStopped(container.state)) return undefined;
  const record = await readExitRecord(taskRecords(app.paths, task.project, task.id));
  // A list does not tell exit codes, and what has not been started yet has none: without a record nothing is claimed.
  if (container !== undefined && container.exitCode === undefined && container.startedAt === undefined) return record;
  return endOf(container && { state: container.state, exitCode: container.exitCode, finishedAt: container.finishedAt }, record, app.clock.now().toISOString());
}
