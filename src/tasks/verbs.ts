import { SlipwayError } from '../errors.ts';
import type { App, Verb } from '../operations/model.ts';
import { checkIdentifier, checkTaskId } from '../state/identifiers.ts';
import type { TaskMetadata, TaskMode, TaskRef, TaskRun } from './model.ts';
import { findAside, observeTask, type TaskObserved } from './observe.ts';
import { actionOf, isRestarted, planDelete, planHeadless, planRestart, type RestartOptions, planRunCli, planStop } from './plan.ts';
import { type EndObserved, planRecordEnd, readExitRecord } from './run-end.ts';
import { newTask, plannedTask } from './new.ts';
import { noTask } from './store.ts';

export { newTask, plannedTask };

/** Loaded only where a container has to be made: it reads the project, its agents and its images. */
const making = async (app: App, metadata: TaskMetadata, mode: TaskMode) => (await import('./making.ts')).observeMaking(app, metadata, mode);

/** A lock is a file: the ids are checked before they make a path. */
const taskLock = ({ project, task }: TaskRef) => [`task/${checkIdentifier('project', project)}/${checkTaskId(task)}`];

export type RunCliWanted = TaskRef;

/** Makes sure that the task's `cli` container runs: creates and starts only what is needed. */
export const runCli: Verb<RunCliWanted, TaskObserved> = {
  name: 'task.run-cli',
  locks: taskLock,
  async observe(app, ref) {
    const task = await observeTask(app, ref);
    const create = (task.metadata.mode ?? 'cli') === 'cli' && actionOf('run-cli', task) === 'create';
    return create ? { ...task, making: await making(app, task.metadata, 'cli') } : task;
  },
  plan: planRunCli,
  describe: ({ project, task }) => `task run-cli ${project} ${task}`,
};

export interface HeadlessWanted extends TaskRef {
  readonly run: Omit<TaskRun, 'startedAt' | 'end'>;
}

/** Starts one headless run of an agent; following it is not under the lock. */
export const runHeadless: Verb<HeadlessWanted, TaskObserved> = {
  name: 'task.run',
  locks: taskLock,
  async observe(app, wanted) {
    const task = await observeTask(app, wanted);
    if (task.metadata.mode !== undefined) return task;
    const run = { ...wanted.run, startedAt: task.at };
    return { ...task, making: await making(app, { ...task.metadata, run }, 'run') };
  },
  plan: (task, { run }) => planHeadless(task, { ...run, startedAt: task.at }),
  // After its commit the agent runs: the rest was only to look that it does.
  reached: ({ metadata }) => metadata.mode === 'run',
  describe: ({ project, task }) => `run ${project} (task ${task})`,
};

export interface RestartWanted extends TaskRef, RestartOptions {}

export const restartTask: Verb<RestartWanted, TaskObserved> = {
  name: 'task.restart',
  locks: taskLock,
  async observe(app, wanted) {
    const task = await observeTask(app, wanted);
    const aside = wanted.recreate ? await findAside(app, task.metadata) : undefined;
    const made = needsMaking(task, wanted) ? await making(app, task.metadata, task.metadata.mode ?? 'cli') : undefined;
    return { ...task, ...(aside ? { aside } : {}), ...(made ? { making: made } : {}) };
  },
  plan: (task, wanted) => planRestart(task, wanted),
  reached: (task, wanted) => isRestarted(task, wanted) && task.aside === undefined,
  describe: ({ project, task }) => `task restart ${project} ${task}`,
};

function needsMaking(task: TaskObserved, { recreate }: RestartWanted): boolean {
  const action = actionOf('restart', task);
  return action === 'create' || (recreate && task.container !== undefined);
}

export interface StopWanted extends TaskRef {
  /** Default: the project's. */
  readonly timeoutSeconds?: number;
}

/** Stops a running task's container; the workspace, the metadata and what the container holds stay. */
export const stopTask: Verb<StopWanted, TaskObserved> = {
  name: 'task.stop',
  locks: taskLock,
  observe: observeTask,
  plan: (task, wanted) => planStop(task, wanted),
  reached: ({ container }) => container?.state !== 'running',
  describe: ({ project, task }) => `task stop ${project} ${task}`,
};

/** Removes container, workspace and metadata. */
export const deleteTask: Verb<TaskRef, TaskObserved | undefined> = {
  name: 'task.delete',
  locks: taskLock,
  async observe(app, ref) {
    try {
      return await observeTask(app, ref);
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'E_NO_TASK') return undefined;
      throw error;
    }
  },
  plan(task, ref) {
    if (task === undefined) throw noTask(ref);
    return planDelete(task);
  },
  reached: (task) => task === undefined,
  describe: ({ project, task }) => `task delete ${project} ${task}`,
};

export interface RecordEndWanted extends TaskRef {
  /** Which run: another may have begun since. */
  readonly startedAt: string;
}

/** Writes into the task's metadata how its headless run ended. */
export const recordEnd: Verb<RecordEndWanted, EndObserved> = {
  name: 'task.record-end',
  locks: taskLock,
  async observe(app, ref) {
    const task = await observeTask(app, ref);
    return { ...task, record: await readExitRecord(task.records) };
  },
  plan: planRecordEnd,
  describe: ({ project, task }) => `record the end of task ${task} of ${project}`,
};

export const verbs: readonly Verb[] = [newTask, runCli, runHeadless, restartTask, stopTask, deleteTask, recordEnd] as readonly unknown[] as readonly Verb[];
