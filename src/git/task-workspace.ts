import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isThere } from '../state/is-there.ts';
import type { Paths } from '../state/paths.ts';

/** The workspace of a task that a folder is in. */
export interface TaskWorkspace {
  readonly top: string;
  readonly project: string;
  readonly task: string;
}

/** What a task's runs belong to. No folder: every task's is called `workspace`. */
export const taskHome = ({ top, project, task }: TaskWorkspace) => join(top, `${project}-task-${task}`);

/**
 * Whether a folder may be written by containers of Slipway, which is what git must not open on the host. `undefined`: no; throws
 * E_REPOSITORY_UNTRUSTED where it is no task's workspace.
 */
export async function taskWorkspaceOf(paths: Paths, folder: string): Promise<TaskWorkspace | undefined> {
  const real = await realpath(folder).catch(() => resolve(folder));
  const state = await realpath(paths.state).catch(() => resolve(paths.state));
  const cache = await realpath(paths.cache).catch(() => resolve(paths.cache));
  const [room, project, task, kind] = relative(state, real).split('/');
  if (room === 'tasks' && project && task && kind === 'workspace') {
    return { top: join(state, room, project, task, kind), project, task };
  }
  const isOurs = room === 'tasks' || room === 'instances' || relative(cache, real).split('/')[0] === 'runs';
  if (isOurs || (await isOfOtherInstall(real))) throw untrusted(real);
  return undefined;
}

/** `<state>/tasks/…` of an install whose state is elsewhere. */
async function isOfOtherInstall(folder: string): Promise<boolean> {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    const isRoom = at.endsWith('/tasks') || at.endsWith('/instances');
    if (isRoom && (await isThere(join(dirname(at), 'install.json'), stat))) return true;
  }
  return false;
}

export function untrusted(folder: string): SlipwayError {
  return new SlipwayError('E_REPOSITORY_UNTRUSTED', `${folder} can be written by containers, so git does not open it on this machine.`, {
    hint: 'Run the command in your own checkout.',
  });
}
