import { lastLines } from '../../containers/logs.ts';
import { awaitReady, type Readiness } from '../../containers/ready.ts';
import type { ContainerDetails, Engine } from '../../engine/model.ts';
import type { App } from '../../operations/model.ts';
import type { Outcome } from '../model.ts';
import { RunFailure } from './failure.ts';

/** Waits until the run's container is up. Throws RunFailure with what was seen: the container is removed right after. */
export async function awaitContainer(app: App, engine: Engine, image: string, readiness: Readiness): Promise<ContainerDetails> {
  const what = await awaitReady(app, engine, readiness);
  const details = await engine.containers.inspect(readiness.container, { signal: app.signal });
  if (what === undefined && details !== undefined) return details;
  const lines = details === undefined ? '' : await lastLines(engine, details.id, 10).catch(() => '');
  const noShell = details !== undefined && !(await hasShell(engine, details.id));
  const message = noShell
    ? `The image ${image} has no /bin/sh, which runs the steps.`
    : `The container of image ${image} ${what ?? 'was removed'} when it was started.`;
  throw startFailure(message, details, lines, noShell ? { reason: 'no-shell' } : {});
}

export function startFailure(message: string, details: ContainerDetails | undefined, lines: string, more: Outcome['evidence']): RunFailure {
  const evidence = {
    ...(details?.exitCode === undefined ? {} : { exit_code: details.exitCode }),
    ...(details === undefined || details.error === '' ? {} : { engine_error: details.error }),
    ...(details?.oomKilled ? { oom_killed: true } : {}),
    ...(lines === '' ? {} : { last_lines: lines }),
    ...more,
  };
  return new RunFailure('E_CONTAINER_START', { kind: 'container-start-failed', message, retryable: false, evidence }, lines === '' ? {} : { detail: lines });
}

/** Asked of a container that does not run: a link to a shell that is not there counts, and is told by the exit code. */
async function hasShell(engine: Engine, container: string): Promise<boolean> {
  const archive = await engine.containers.archiveOut(container, '/bin/sh').catch(() => 'unknown');
  if (typeof archive === 'object') archive.destroy();
  return archive !== undefined;
}
