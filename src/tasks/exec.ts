import type { Readable, Writable } from 'node:stream';
import { readAgents } from '../agents/store.ts';
import type { ExitCode } from '../errors.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { attachTerminal } from '../containers/attach.ts';
import type { TaskRef } from './model.ts';
import { observeTask } from './observe.ts';
import { workspaceTarget } from './spec.ts';

export interface TaskExec {
  /** Empty: a login shell. */
  readonly command: readonly string[];
  readonly root: boolean;
  readonly tty: boolean;
  readonly workingDir: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Runs a command in a running task's container as the task's user, and gives its exit code. */
export async function execInTask(app: App, ref: TaskRef, exec: TaskExec): Promise<ExitCode> {
  const { metadata, container } = await observeTask(app, ref);
  if (container?.state !== 'running' || metadata.engine === undefined) {
    throw new SlipwayError('E_TASK_NOT_RUNNING', `Task ${ref.task} of ${ref.project} is not running (${container?.state ?? 'no container'}).`, {
      hint: `\`slipway task ${metadata.mode === undefined ? 'run-cli' : 'restart'} ${ref.project} ${ref.task}\` starts it.`,
    });
  }
  const user = exec.root ? 'root' : userOf(container.env);
  const passed = exec.root ? {} : await passedEnvironment(app);
  const session = await app.engineAt(metadata.engine).containers.exec(
    container.id,
    {
      command: exec.command.length === 0 ? ['/bin/sh', '-c', 'exec "$(command -v bash || echo sh)" -l'] : exec.command,
      user,
      workingDir: exec.workingDir ?? workspaceTarget,
      env: { ...passed, ...(process.env.TERM && exec.tty ? { TERM: process.env.TERM } : {}), ...exec.env },
      tty: exec.tty,
      stdin: true,
    },
    { signal: app.signal },
  );
  return attachTerminal(session, exec);
}

/** The user that the container was made for: the entry script's own variable. */
function userOf(env: readonly string[]): string {
  return env.find((entry) => entry.startsWith('SLIPWAY_USER='))?.slice('SLIPWAY_USER='.length) ?? 'root';
}

/** Keys of the host that agents read, for this command alone: they are in no container's configuration. */
async function passedEnvironment(app: App): Promise<Readonly<Record<string, string>>> {
  const names = [...(await readAgents(app.paths)).values()].flatMap(({ definition }) => definition.passEnv);
  return Object.fromEntries(names.flatMap((name) => (app.env[name] === undefined ? [] : [[name, app.env[name]]])));
}
