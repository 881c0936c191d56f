import type { App } from '../operations/model.ts';
import type { TaskMetadata, TaskProblem } from './model.ts';

export interface ContainerImage {
  readonly task: TaskMetadata;
  readonly imageId: string;
}

export interface ContainerProblems {
  readonly task: TaskMetadata;
  readonly problems: readonly TaskProblem[];
}

/** Which containers were made from an older image than their project's, and why. */
export async function containerProblems(_app: App, found: readonly ContainerImage[]): Promise<readonly ContainerProblems[]> {
  return found.map(({ task }) => ({ task, problems: [] }));
}
