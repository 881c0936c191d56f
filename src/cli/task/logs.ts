import { SlipwayError } from '../../errors.ts';
import { copyChunks } from '../../tasks/follow.ts';
import { observeTask } from '../../tasks/observe.ts';
import type { Call } from '../call.ts';

export interface LogFlags {
  readonly follow?: true | undefined;
  readonly tail?: number | undefined;
}

export async function logs(call: Call, project: string, task: string, flags: LogFlags): Promise<void> {
  const { metadata, container } = await observeTask(call.app, { project, task });
  if (container === undefined || metadata.engine === undefined) {
    throw new SlipwayError('E_TASK_NO_CONTAINER', `Task ${task} of ${project} has no container, so it has no logs.`, {
      hint: `Start it with \`slipway task run-cli ${project} ${task}\`.`,
    });
  }
  const chunks = call.app.engineAt(metadata.engine).containers.logs(container.id, {
    follow: flags.follow ?? false,
    ...(flags.tail === undefined ? {} : { tail: flags.tail }),
    signal: call.app.signal,
  });
  try {
    await copyChunks(chunks, call.terminal);
  } catch (error) {
    // Ctrl-C ends the following, not the task.
    if (!call.app.signal.aborted) throw error;
  }
}
