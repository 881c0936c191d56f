import { startSession } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { runChannel, runWorkspace } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import type { Executor, Launched } from './model.ts';

/** Runs steps on this machine, as the person, with the person's environment. */
export function hostExecutor({ paths, env }: Pick<App, 'paths' | 'env'>, { repository, run }: RunRef): Executor {
  const workspace = runWorkspace(paths, repository, run);
  return {
    kind: 'host',
    workspace,
    channel: runChannel(paths, repository, run),
    async launch(argv, more): Promise<Launched> {
      const { stdin, output, exited } = await startSession(argv, { cwd: workspace, env: { ...env, ...more } });
      return { stdin, output, exited: () => exited };
    },
    async signal(pid, name) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended already, or its pid is somebody else's by now.
      }
    },
    ended: (signal) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
}
