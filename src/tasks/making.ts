import { stat } from 'node:fs/promises';
import { headlessCall } from '../agents/command.ts';
import type { AgentDefinition } from '../agents/model.ts';
import { readAgent } from '../agents/store.ts';
import { containerUser } from '../containers/ownership.ts';
import type { ContainerSpec, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { topReference } from '../images/top.ts';
import type { App } from '../operations/model.ts';
import type { ResolvedProject } from '../projects/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import type { TaskMetadata, TaskMode } from './model.ts';
import { type SpecInputs, taskContainer } from './spec.ts';

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
