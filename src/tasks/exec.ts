import type { Readable, Writable } from 'node:stream';
import type { ExitCode } from '../errors.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { attachTerminal } from '../containers/attach.ts';
import { shownState, type TaskRef } from './model.ts';
import { observeTask } from './observe.ts';
import { passEnvVariable, workspaceTarget } from './spec.ts';

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
    throw new SlipwayError(
      'E_TASK_NOT_RUNNING',
      `Task ${ref.task} of ${ref.project} is not running (${container ? shownState(container.state) : 'no container'}).`,
      {
        hint: `\`slipway task ${metadata.mode === undefined ? 'run-cli' : 'restart'} ${ref.project} ${ref.task}\` starts it.`,
      },
    );
  }
  const user = exec.root ? 'root' : userOf(container.env);
  const session = await app.engineAt(metadata.engine).containers.exec(
    container.id,
    {
      command: exec.command.length === 0 ? ['/bin/sh', '-c', 'exec "$(command -v bash || echo sh)" -l'] : exec.command,
      user,
      workingDir: exec.workingDir ?? workspaceTarget,
      env: { ...(exec.root ? {} : passedEnvironment(app, container.env)), ...(app.env.TERM && exec.tty ? { TERM: app.env.TERM } : {}), ...exec.env },
      tty: exec.tty,
      stdin: true,
    },
    { signal: app.signal },
  );
  return attachTerminal(session, exec);
}

/** The user that the container was made for: the entry script's own variable. */
function userOf(env: readonly string[]): string {
  return variable(env, 'SLIPWAY_USER') ?? 'root';
}

/** Keys of the host that the task's agents read, for this command alone: they are in no container's configuration. */
function passedEnvironment(app: App, env: readonly string[]): Readonly<Record<string, string>> {
  const names = variable(env, passEnvVariable)?.split(':') ?? [];
  return Object.fromEntries(names.flatMap((name) => (app.env[name] ? [[name, app.env[name]]] : [])));
}

function variable(env: readonly string[], name: string): string | undefined {
  return env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}
