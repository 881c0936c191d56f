import { posix } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ExecSession } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { containerEnded, type Watched } from './container-ended.ts';
import { channelTarget, workspaceTarget } from './container-names.ts';
import { patiently, wasNotTaken } from './engine-patience.ts';
import { execute } from './exec.ts';
import { isEngineLost } from './failure.ts';
import type { Executor, Launched } from './model.ts';

/** Runs steps in a run's container, which is up. */
export function containerExecutor(app: App, watched: Watched): Executor {
  const engine = app.engineAt(watched.engine);
  const { container, patienceSeconds } = watched;
  return {
    kind: 'container',
    workspace: workspaceTarget,
    channel: channelTarget,
    async launch(argv, env, signal) {
      const spec = { command: argv, env, workingDir: workspaceTarget, stdin: true };
      // An engine that is away for a moment is waited for, but nothing is started twice.
      const patience = { app, seconds: patienceSeconds, signal, isAway: wasNotTaken };
      return launched(await patiently(patience, () => engine.containers.exec(container, spec, { signal })));
    },
    async signal(pid, name) {
      const command = ['/bin/sh', '-c', 'kill -s "$1" "$2" 2>/dev/null || :', 'slipway-ci', name, String(pid)];
      try {
        const patience = { app, seconds: patienceSeconds, signal: app.signal, isAway: isEngineLost };
        await patiently(patience, () => execute(engine, container, { command }, app.signal));
      } catch (error) {
        // The container is gone, or the engine: so is the supervisor, as far as anyone can tell, and `ended` says why.
        if (!isEngineLost(error) && !(error instanceof SlipwayError && ['E_NO_SUCH', 'E_CONFLICT'].includes(error.code))) throw error;
      }
    },
    archive: (path, signal) => engine.containers.archiveOut(container, posix.join(workspaceTarget, path), { signal }),
    ended: (signal) => containerEnded(app, watched, signal),
  };
}

/** A supervisor says nothing unless it could not start: what nobody reads must not hold it up. */
const keptBytes = 64 * 1024;

function launched(session: ExecSession): Launched {
  const output = new PassThrough({ highWaterMark: keptBytes });
  const end = pump(session, output);
  const { stdin } = session;
  if (stdin === undefined) throw new Error('the session was asked for a stdin');
  return { stdin, output, exited: () => end };
}

async function pump(session: ExecSession, output: PassThrough): Promise<number | undefined> {
  let kept = 0;
  try {
    for await (const { data } of session.output) {
      if (kept < keptBytes) output.write(data.subarray(0, keptBytes - kept));
      kept += data.length;
    }
    return await session.exitCode();
  } catch {
    // The engine or the container is gone: nobody can tell.
    return undefined;
  } finally {
    output.end();
  }
}
