import type { Step, StepKind } from '../operations/model.ts';
import { writeFileAtomic } from '../state/atomic.ts';
import { buildDir, type Paths, projectDir, projectFile, projectStateDir, projectTasksDir } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';

interface WriteStep extends Step {
  readonly project: string;
  readonly text: string;
}

interface RemoveStep extends Step {
  readonly project: string;
  readonly directory: string;
}

export const writeProject: StepKind = {
  do: 'project.write',
  describe: (step) => `Write project.yml of ${(step as WriteStep).project}`,
  async apply({ app }, step) {
    const { project, text } = step as WriteStep;
    await writeFileAtomic(projectFile(app.paths, project), text);
  },
};

export const removeState: StepKind = {
  do: 'project.remove-state',
  describe: (step) => `Remove ${(step as RemoveStep).directory}`,
  apply: ({ app }, step) => remove(app.paths, step as RemoveStep, [buildDir, projectTasksDir, projectStateDir], app.signal),
};

export const removeConfig: StepKind = {
  do: 'project.remove-config',
  describe: (step) => `Remove ${(step as RemoveStep).directory}`,
  apply: ({ app }, step) => remove(app.paths, step as RemoveStep, [projectDir], app.signal),
};

/** Only the project's own folders, whatever the journal says. */
async function remove(
  paths: Paths,
  { project, directory }: RemoveStep,
  allowed: readonly ((paths: Paths, project: string) => string)[],
  signal: AbortSignal,
): Promise<void> {
  if (!allowed.some((folder) => folder(paths, project) === directory)) throw new TypeError(`${directory} is no folder of the project ${project}`);
  await removeTree(directory, { signal });
}

export const steps: readonly StepKind[] = [writeProject, removeState, removeConfig];
