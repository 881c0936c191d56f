import { stat } from 'node:fs/promises';
import type { AgentDefinition } from '../agents/model.ts';
import { headlessCall } from '../agents/command.ts';
import { readAgent } from '../agents/store.ts';
import { containerUser } from '../containers/ownership.ts';
import { isOwn, label } from '../containers/labels.ts';
import { foreignContainer } from '../containers/steps.ts';
import type { ContainerDetails, ContainerSpec, Engine, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { topReference } from '../images/top.ts';
import type { App } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { readProject } from '../projects/store.ts';
import type { ResolvedProject } from '../projects/model.ts';
import { taskRecords } from '../state/paths.ts';
import { asideName, containerName, type TaskMetadata, type TaskMode, type TaskRef } from './model.ts';
import { type SpecInputs, taskContainer } from './spec.ts';
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

/** What a new container needs, read only where one may have to be made. */
export interface Making {
  readonly project: ResolvedProject;
  readonly engine: EngineRef;
  readonly spec: ContainerSpec;
  readonly repository: string | undefined;
  readonly branch: string | undefined;
  /** Agents whose shared credentials are mounted. */
  readonly credentials: readonly string[];
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
    await checkIdentity(engine, task.engine);
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

/** "There is none" counts only from the engine that had it: another one may have taken over the address. */
export async function checkIdentity(engine: Engine, recorded: EngineRef): Promise<void> {
  const { identity } = await engine.info();
  if (identity === recorded.identity) return;
  throw new SlipwayError('E_ENGINE_CHANGED', `Another engine answers at ${recorded.endpoint} than the one that holds this task's container.`, {
    hint: 'Start the engine that was used before. If it is gone for good, `slipway doctor` tells how to go on.',
  });
}

/** Everything that goes into a new container. Throws E_NO_IMAGE where the project has not been built on that engine. */
export async function observeMaking(app: App, metadata: TaskMetadata, mode: TaskMode): Promise<Making> {
  const project = await resolveProject(app.paths, metadata.project);
  const engine = metadata.engine ? app.engineAt(metadata.engine) : await app.engine();
  const [info, install] = await Promise.all([engine.info({ signal: app.signal }), app.installId()]);
  if (info.locality === 'remote') {
    throw new SlipwayError('E_ENGINE_REMOTE', `The engine at ${info.endpoint} is on another machine, and a task's workspace is a folder of this one.`, {
      hint: 'Choose a local engine with --engine.',
    });
  }
  const image = await topReference(engine, install, project.id, app.signal);
  if (image === undefined) {
    throw new SlipwayError('E_NO_IMAGE', `Project ${project.id} has no image on this engine yet.`, { hint: `Run \`slipway build ${project.id}\`.` });
  }
  await checkMounts(project);
  const agents = await Promise.all(project.agents.map((name) => readAgent(app.paths, name)));
  const spec = taskContainer({
    paths: app.paths,
    project,
    agents,
    task: metadata,
    mode,
    user: containerUser(app.person, info),
    install,
    image,
    ...programOf(metadata, mode, agents),
  });
  return {
    project,
    engine: { kind: info.kind, endpoint: info.endpoint, identity: info.identity },
    spec,
    repository: project.repository,
    branch: project.branch,
    credentials: agents.flatMap(({ name, credentials }) => (credentials ? [name] : [])),
  };
}

/** Docker makes a source that is missing, as root's folder. */
async function checkMounts({ id, mounts }: ResolvedProject): Promise<void> {
  for (const { source } of mounts) {
    await stat(source).catch((cause: unknown) => {
      throw new SlipwayError('E_NO_FILE', `Project ${id} mounts ${source}, which is not there or cannot be reached.`, {
        cause,
        hint: 'Create it, or correct `mounts` in project.yml.',
      });
    });
  }
}

/** Whether a new task could be run: an engine answers and has the project's image. Asked before there is a task, which would be left behind. */
export async function checkRunnable(app: App, project: string): Promise<void> {
  await observeMaking(app, { id: '1', project, createdAt: '' }, 'cli');
}

function programOf(task: TaskMetadata, mode: TaskMode, agents: readonly AgentDefinition[]): Pick<SpecInputs, 'program' | 'programEnv'> {
  if (mode === 'cli') return { program: ['hold'], programEnv: {} };
  const { run } = task;
  const agent = agents.find(({ name }) => name === run?.agent);
  if (run === undefined || agent === undefined) {
    throw new SlipwayError('E_NO_AGENT', `Task ${task.id} of ${task.project} runs an agent that is not one of the project's any more.`, {
      hint: `\`slipway project show ${task.project}\` lists the project's agents.`,
    });
  }
  const { command, env } = headlessCall(agent, run.prompt);
  return { program: ['supervise', String(run.timeoutSeconds), '--', ...command], programEnv: env };
}
