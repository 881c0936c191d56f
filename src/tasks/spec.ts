import { join } from 'node:path';
import type { AgentDefinition } from '../agents/model.ts';
import { hardening } from '../containers/hardening.ts';
import { ownLabels } from '../containers/labels.ts';
import type { ContainerUser } from '../containers/ownership.ts';
import type { ContainerSpec, Mount, Resources } from '../engine/model.ts';
import type { ResolvedProject } from '../projects/model.ts';
import { agentEnvDir, type Paths, taskAgentConfig, taskRecords, taskWorkspace } from '../state/paths.ts';
import { containerName, type TaskMetadata, type TaskMode } from './model.ts';

export interface SpecInputs {
  readonly paths: Paths;
  readonly project: ResolvedProject;
  /** Those of the project, for their environment and shared credentials. */
  readonly agents: readonly AgentDefinition[];
  readonly task: TaskMetadata;
  readonly mode: TaskMode;
  readonly user: ContainerUser;
  readonly install: string;
  readonly image: string;
  /** What the container runs: `['hold']`, or a supervised program with its environment. */
  readonly program: readonly string[];
  readonly programEnv: Readonly<Record<string, string>>;
}

export const workspaceTarget = '/workspace';
/** Names of the host's variables that the task's agents may be given, parted by `:`. The values are never in it. */
export const passEnvVariable = 'SLIPWAY_PASS_ENV';
const entry = '/usr/local/lib/slipway/entry.sh';

/** The whole container of a task, always from the full configuration: there is no other place that makes one. */
export function taskContainer(inputs: SpecInputs): ContainerSpec {
  const { project, task, mode, user } = inputs;
  return {
    name: containerName({ project: project.id, mode, task: task.id }),
    image: inputs.image,
    // The operation's label is added when the step is carried out.
    labels: ownLabels(inputs.install, '', 'task', { project: project.id, task: task.id, mode, ...(task.run ? { agent: task.run.agent } : {}) }),
    entrypoint: [entry],
    command: inputs.program,
    user: 'root',
    workingDir: workspaceTarget,
    hostname: `${project.id}-${task.id}`.slice(0, 63),
    env: environment(inputs),
    mounts: mounts(inputs),
    ports: project.ports,
    resources: resources(project),
    stopTimeoutSeconds: project.shutdownTimeoutSeconds,
    ...hardening(project.hardening),
    ...(user.userNamespace === undefined ? {} : { userNamespace: user.userNamespace }),
    ...(project.network === undefined ? {} : { network: project.network }),
  };
}

function environment({ project, agents, user, programEnv }: SpecInputs): Record<string, string> {
  const links = agents.flatMap(({ name, credentials }) => (credentials ? [`${name}=${credentials.directory}`] : []));
  const passed = [...new Set(agents.flatMap(({ passEnv }) => passEnv))];
  return {
    // Interactive shells write their history at once: a stop must not lose it.
    PROMPT_COMMAND: 'history -a',
    ...Object.assign({}, ...agents.map(({ env, envWhenRoot }) => ({ ...env, ...(user.name === 'root' ? envWhenRoot : {}) }))),
    ...identity(project),
    ...project.env,
    ...programEnv,
    SLIPWAY_PROJECT: project.id,
    SLIPWAY_USER: user.name,
    SLIPWAY_UID: String(user.uid),
    SLIPWAY_GID: String(user.gid),
    SLIPWAY_GRACE: String(Math.max(1, project.shutdownTimeoutSeconds - 2)),
    ...(links.length === 0 ? {} : { SLIPWAY_AGENT_LINKS: links.join(':') }),
    ...(passed.length === 0 ? {} : { [passEnvVariable]: passed.join(':') }),
  };
}

/** Commits made in the task carry the person's name. */
function identity({ human }: ResolvedProject): Record<string, string> {
  return {
    ...(human.name === undefined ? {} : { GIT_AUTHOR_NAME: human.name, GIT_COMMITTER_NAME: human.name }),
    ...(human.email === undefined ? {} : { GIT_AUTHOR_EMAIL: human.email, GIT_COMMITTER_EMAIL: human.email }),
  };
}

function mounts({ paths, project, agents, task }: SpecInputs): readonly Mount[] {
  const bind = (source: string, target: string, readOnly = false): Mount => ({ type: 'bind', source, target, ...(readOnly ? { readOnly } : {}) });
  return [
    bind(taskWorkspace(paths, project.id, task.id), workspaceTarget),
    bind(taskAgentConfig(paths, project.id, task.id), '/run/slipway/agent-config', true),
    bind(taskRecords(paths, project.id, task.id), '/run/slipway/records'),
    ...agents.flatMap(({ name, credentials }) => (credentials ? [bind(agentEnvDir(paths, name), join('/run/slipway/agents', name))] : [])),
    ...project.mounts.map(({ source, target, readOnly }) => bind(source, target, readOnly)),
  ];
}

function resources({ resources: { memoryBytes, cpus, pids, gpus } }: ResolvedProject): Resources {
  return {
    pids,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(gpus === undefined ? {} : { gpus }),
  };
}
