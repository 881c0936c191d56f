import type { ContainerState, ContainerSummary, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { checkIdentity } from '../containers/check-identity.ts';
import { label, ownFilter } from '../containers/labels.ts';
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
  readonly unreachable: readonly { readonly endpoint: string; readonly error: SlipwayError }[];
}

/** All tasks, or those of one project. Each engine in use is asked once. */
export async function listTasks(app: App, project?: string): Promise<TaskList> {
  const projects = project === undefined ? await listProjectIds(app.paths) : [project];
  const entries: { readonly project: string; readonly entry: TaskEntry }[] = [];
  for (const id of projects) for (const entry of await readTasks(app.paths, id)) entries.push({ project: id, entry });
  const tasks = entries.flatMap(({ entry }) => ('task' in entry ? [entry.task] : []));
  const { containers, unreachable } = await findContainers(app, tasks);
  const found = tasks.flatMap((task) => {
    const container = containers.get(keyOf(task));
    return container === undefined ? [] : [{ task, imageId: container.imageId }];
  });
  const problems = new Map((await containerProblems(app, found)).map((one) => [keyOf(one.task), one.problems]));
  const lost = new Map(unreachable.map(({ endpoint, error }) => [endpoint, error]));
  return {
    tasks: await Promise.all(
      tasks.map((task) => {
        const error = task.engine && lost.get(task.engine.endpoint);
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
): Promise<{ containers: ReadonlyMap<string, ContainerSummary>; unreachable: TaskList['unreachable'] }> {
  const engines = new Map<string, EngineRef>(tasks.flatMap(({ engine }) => (engine ? [[engine.endpoint, engine]] : [])));
  const containers = new Map<string, ContainerSummary>();
  const unreachable: { endpoint: string; error: SlipwayError }[] = [];
  const install = engines.size === 0 ? '' : await app.installId();
  await Promise.all(
    [...engines.values()].map(async (ref) => {
      try {
        const engine = app.engineAt(ref);
        const found = await engine.containers.list({ labels: ownFilter(install, 'task'), signal: app.signal });
        if (
          isMissingSome(
            tasks.filter((task) => task.engine?.endpoint === ref.endpoint),
            found,
          )
        )
          await checkIdentity(engine, ref, "this task's container");
        for (const container of found) {
          const { [label.project]: project = '', [label.task]: task = '', [label.mode]: mode = '' } = container.labels;
          // The one that the task's name points at: `--recreate` keeps the old one for a moment.
          if (container.name === `${project}-${mode}-${task}`) containers.set(`${project}/${task}`, container);
        }
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        unreachable.push({ endpoint: ref.endpoint, error });
      }
    }),
  );
  return { containers, unreachable };
}

/** Whether a task has run and its container is not among those found. */
function isMissingSome(tasks: readonly TaskMetadata[], found: readonly ContainerSummary[]): boolean {
  const names = new Set(found.map(({ name }) => name));
  return tasks.some(({ project, mode, id: task }) => mode !== undefined && !names.has(containerName({ project, mode, task })));
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
