import { checkIdentity } from '../containers/check-identity.ts';
import { isOwn, label } from '../containers/labels.ts';
import { foreignContainer } from '../containers/steps.ts';
import type { ContainerDetails } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { readProject } from '../projects/store.ts';
import { taskRecords } from '../state/paths.ts';
import type { Making } from './making.ts';
import { asideName, containerName, type TaskMetadata, type TaskRef } from './model.ts';
import { readTask } from './store.ts';

/** What is true of a task now: its file and its container. */
export interface TaskObserved {
  readonly metadata: TaskMetadata;
  /** `undefined`: the engine answered that there is none, or the task has never run. */
  readonly container: ContainerDetails | undefined;
  /** When it was observed, ISO 8601. */
  readonly at: string;
  /** The task's folder that its container writes to, on the host. */
  readonly records: string;
  /** Only where a container has to be made. */
  readonly making?: Making;
  /** The container that `--recreate` put aside and was cut off before removing. */
  readonly aside?: ContainerDetails;
}

/** Reads the task's file and asks its engine. An engine that does not answer throws. */
export async function observeTask(app: App, ref: TaskRef): Promise<TaskObserved> {
  const metadata = await readKnownTask(app, ref);
  return {
    metadata,
    container: await findContainer(app, metadata),
    at: app.clock.now().toISOString(),
    records: taskRecords(app.paths, metadata.project, metadata.id),
  };
}

/** An unknown project is its own error, not an unknown task. */
export async function readKnownTask(app: App, ref: TaskRef): Promise<TaskMetadata> {
  try {
    return await readTask(app.paths, ref);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_NO_TASK') await readProject(app.paths, ref.project);
    throw error;
  }
}

export async function findContainer(app: App, task: TaskMetadata): Promise<ContainerDetails | undefined> {
  if (task.mode === undefined || task.engine === undefined) return undefined;
  const name = containerName({ project: task.project, mode: task.mode, task: task.id });
  const engine = app.engineAt(task.engine);
  const found = await engine.containers.inspect(name, { signal: app.signal });
  if (found === undefined) {
    await checkIdentity(engine, task.engine, "this task's container");
    return undefined;
  }
  const own = isOwn(found.labels, await app.installId(), 'task') && found.labels[label.project] === task.project && found.labels[label.task] === task.id;
  if (!own) throw foreignContainer(name);
  return found;
}

/** Looked for by `--recreate` alone. */
export async function findAside(app: App, task: TaskMetadata): Promise<ContainerDetails | undefined> {
  if (task.mode === undefined || task.engine === undefined) return undefined;
  const found = await app
    .engineAt(task.engine)
    .containers.inspect(asideName(containerName({ project: task.project, mode: task.mode, task: task.id })), { signal: app.signal });
  return found && isOwn(found.labels, await app.installId(), 'task') ? found : undefined;
}
