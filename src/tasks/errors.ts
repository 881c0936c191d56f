import type { ContainerState } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { containerName, shownState, type TaskMetadata, type TaskMode } from './model.ts';

export function otherMode({ project, id }: TaskMetadata, mode: TaskMode): SlipwayError {
  return new SlipwayError('E_TASK_MODE', `Task ${id} of ${project} has a container in mode \`${mode}\`; a task has one mode.`, {
    hint: `Use \`slipway task restart ${project} ${id}\`, or make another task with \`slipway task new ${project}\`.`,
  });
}

/** For a headless run, which takes a task that has never run. */
export function ranBefore({ project, id }: TaskMetadata): SlipwayError {
  return new SlipwayError('E_TASK_MODE', `Task ${id} of ${project} has been run before.`, {
    hint: `Start a new one with \`slipway run ${project} "PROMPT"\`.`,
  });
}

export function neverRun({ project, id }: TaskMetadata): SlipwayError {
  return new SlipwayError('E_TASK_NEVER_RUN', `Task ${id} of ${project} has never been run, so it has no container.`, {
    hint: `Start it with \`slipway task run-cli ${project} ${id}\`.`,
  });
}

/** `state`: its container's, where it has one. */
export function notRunning({ project, id }: TaskMetadata, state: ContainerState | undefined): SlipwayError {
  return new SlipwayError('E_TASK_NOT_RUNNING', `Task ${id} of ${project} is not running (${state ? shownState(state) : 'no container'}).`, {
    hint: `\`slipway task restart ${project} ${id}\` starts it.`,
  });
}

/** Paused, restarting or removing: what a verb cannot begin with. */
export function inTheWay({ project, id, mode, engine }: TaskMetadata, state: ContainerState): SlipwayError {
  const name = containerName({ project, mode: mode ?? 'cli', task: id });
  const hint =
    state === 'paused'
      ? `Let it go on with \`${engine?.kind ?? 'docker'} unpause ${name}\`.`
      : `Wait a moment and look again with \`slipway task status ${project} ${id}\`.`;
  return new SlipwayError('E_TASK_STATE', `Task ${id} of ${project} is ${state}.`, { hint });
}
