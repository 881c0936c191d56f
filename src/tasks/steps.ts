import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readAgent } from '../agents/store.ts';
import { removeAsRoot } from '../containers/remove-as-root.ts';
import type { Engine, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { seedWorkspace } from '../git/seed.ts';
import type { Json, Step, StepKind } from '../operations/model.ts';
import { makeDirectory, stateError, writeFileAtomic } from '../state/atomic.ts';
import { agentEnvDir, type Paths, taskAgentConfig, taskDir, taskFile, taskRecords, taskWorkspace } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { claimTaskId } from './ids.ts';
import type { TaskMetadata } from './model.ts';
import { readTaskIfAny, writeTask } from './store.ts';

interface TaskStep extends Step {
  readonly project: string;
  readonly task: string;
}

const seedFolder = (paths: Paths, project: string, task: string) => join(taskDir(paths, project, task), 'seed');
const environmentFile = (paths: Paths, project: string, task: string) => join(taskAgentConfig(paths, project, task), 'env');

const claimId: StepKind = {
  do: 'task.claim-id',
  describe: (step) => `Give out task id ${String(step.id)}`,
  apply: ({ app }, step) => claimTaskId(app.paths, String(step.project), Number(step.id)),
};

const write: StepKind = {
  do: 'task.write',
  describe: (step) => `Write metadata of task ${metadataOf(step).id}`,
  apply: ({ app }, step) => writeTask(app.paths, metadataOf(step)),
  async isDone({ app }, step) {
    const { project, id, createdAt } = metadataOf(step);
    return (await readTaskIfAny(app.paths, { project, task: id }))?.createdAt === createdAt;
  },
};

function metadataOf(step: Step): TaskMetadata {
  return step.metadata as unknown as TaskMetadata;
}

interface PrepareStep extends TaskStep {
  readonly agents: readonly string[];
}

/** Makes the folders that the container mounts, and takes away what an earlier container recorded. */
const prepare: StepKind = {
  do: 'task.prepare',
  describe: (step) => `Prepare folders of task ${(step as PrepareStep).task}`,
  async apply({ app }, step) {
    const { project, task, agents } = step as PrepareStep;
    try {
      await makeDirectory(taskAgentConfig(app.paths, project, task), 0o700);
      await makeDirectory(taskRecords(app.paths, project, task));
      for (const agent of agents) await makeDirectory(agentEnvDir(app.paths, agent), 0o700);
      // A workspace that was removed by hand comes back empty: an engine would make it as root.
      await makeDirectory(taskWorkspace(app.paths, project, task));
    } catch (cause) {
      throw stateError('write', taskDir(app.paths, project, task), cause);
    }
  },
};

interface SeedStep extends TaskStep {
  readonly repository?: string;
  readonly branch?: string;
}

const seed: StepKind = {
  do: 'task.seed',
  describe: (step) => `Fill workspace of task ${(step as SeedStep).task}`,
  async apply(context, step) {
    const { project, task, repository, branch } = step as SeedStep;
    const { app } = context;
    await seedWorkspace({
      repository,
      branch,
      workspace: taskWorkspace(app.paths, project, task),
      temporary: seedFolder(app.paths, project, task),
      env: app.env,
      signal: app.signal,
      onStart: (pid) => context.child(pid),
    });
  },
};

interface EnvironmentStep extends TaskStep {
  readonly agent: string;
}

/** The variables that the agent's definition passes on, as a file that only its task can read. */
const writeEnvironment: StepKind = {
  do: 'task.write-environment',
  describe: (step) => `Hand variables of the host to ${(step as EnvironmentStep).agent}`,
  async apply({ app }, step) {
    const { project, task, agent } = step as EnvironmentStep;
    const names = (await readAgent(app.paths, agent)).passEnv;
    const lines = names.flatMap((name) => (app.env[name] === undefined ? [] : [`${name}=${shellQuote(app.env[name])}`]));
    await rm(join(taskRecords(app.paths, project, task), 'exit.json'), { force: true });
    await writeFileAtomic(environmentFile(app.paths, project, task), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  },
};

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

interface RemoveFilesStep extends TaskStep {
  /** The engine and an image on it, for files that only root in a container can remove. */
  readonly engine?: EngineRef & Json;
  readonly image?: string;
}

const removeFiles: StepKind = {
  do: 'task.remove-files',
  describe: (step) => `Remove workspace of task ${(step as RemoveFilesStep).task}`,
  async apply({ app, operation }, step) {
    const { project, task, engine, image } = step as RemoveFilesStep;
    const directory = taskDir(app.paths, project, task);
    try {
      await removeTree(directory);
    } catch (error) {
      // A container wrote as another user what this person may not remove.
      const foreign = error instanceof SlipwayError && error.code === 'E_REMOVE_FOREIGN';
      if (!foreign || engine === undefined) throw error;
      const at = app.engineAt(engine);
      const found = await firstImage(at, [image, `${project}:l2-cli`]);
      if (found === undefined) throw error;
      await removeAsRoot(app, at, operation, { image: found, directory, kind: 'task', extra: { project, task } });
      await removeTree(directory);
    }
  },
};

/** Of a delete that was cut off, the container and with it the image may be gone. */
async function firstImage(engine: Engine, references: readonly (string | undefined)[]): Promise<string | undefined> {
  for (const reference of references) {
    const found = reference === undefined ? undefined : await engine.images.inspect(reference);
    if (found) return found.id;
  }
  return undefined;
}

/** What an undone first run leaves beside the workspace: a clone that was cut off, and the variables that were handed over. */
const tidy: StepKind = {
  do: 'task.tidy',
  describe: (step) => `Remove what is left of the first run of task ${(step as TaskStep).task}`,
  async apply({ app }, step) {
    const { project, task } = step as TaskStep;
    await removeTree(seedFolder(app.paths, project, task));
    const file = environmentFile(app.paths, project, task);
    await rm(file, { force: true }).catch((cause: unknown) => {
      throw stateError('remove', file, cause);
    });
  },
};

const removeMetadata: StepKind = {
  do: 'task.remove-metadata',
  describe: (step) => `Remove metadata of task ${(step as TaskStep).task}`,
  async apply({ app }, step) {
    const { project, task } = step as TaskStep;
    const file = taskFile(app.paths, project, task);
    await rm(file, { force: true }).catch((cause: unknown) => {
      throw stateError('remove', file, cause);
    });
  },
};

export const steps: readonly StepKind[] = [claimId, write, prepare, seed, writeEnvironment, removeFiles, tidy, removeMetadata];
