import { lstat, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { startSession } from '../../host/background.ts';
import type { App } from '../../operations/model.ts';
import { isMissing } from '../../state/atomic.ts';
import { errorCode } from '../../state/atomic.ts';
import { runChannel, runWorkspace } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import type { Executor, Launched } from './model.ts';

/** Runs steps on this machine, as the person, with the person's environment. */
export function hostExecutor({ paths, env }: Pick<App, 'paths' | 'env'>, { repository, run }: RunRef): Executor {
  const workspace = runWorkspace(paths, repository, run);
  // The cache may be in a repository, such as that of a person's dot files: git in the workspace is not to take it for the run's.
  const surroundings = { ...env, GIT_CEILING_DIRECTORIES: dirname(workspace) };
  return {
    kind: 'host',
    workspace,
    channel: runChannel(paths, repository, run),
    async launch(argv, more): Promise<Launched> {
      const { stdin, output, exited } = await startSession(argv, { cwd: workspace, env: { ...surroundings, ...more } });
      return { stdin, output, exited: () => exited };
    },
    async signal(pid, name) {
      try {
        process.kill(pid, `SIG${name}`);
      } catch (error) {
        // It has ended already, or its pid is somebody else's by now.
        if (!['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
      }
    },
    archive: (path) => archiveTree(workspace, path),
    ended: (signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
}

/** Steps may have put links there: what is reached through one that leads out of the workspace is not there. */
async function archiveTree(workspace: string, path: string): Promise<Readable | undefined> {
  const file = resolve(workspace, path);
  try {
    const top = await realpath(workspace);
    const folder = file === resolve(workspace) ? top : await realpath(dirname(file));
    if (folder !== top && !folder.startsWith(`${top}/`)) return undefined;
    await lstat(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const { packTree } = await import('../../engine/build-context.ts');
  return packTree(file);
}
