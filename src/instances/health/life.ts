import { lastLines } from '../../containers/logs.ts';
import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { readSupervision, runningProcess, wordsOfExit } from '../supervision/file.ts';
import { lastProcessLines } from '../supervision/read-log.ts';
import type { Watched } from './watched.ts';

/** Whether a service is there at all, well or not. */
export type Life =
  | { readonly state: 'running'; readonly startedAt: string }
  /** `what` goes on after a name: `ended with exit code 3`. */
  | { readonly state: 'ended'; readonly what: string };

export async function lookAt(app: App, engine: Engine, watched: Watched): Promise<Life> {
  if (watched.kind === 'process') return lookAtProcess(app, watched.instance);
  const now = await engine.containers.inspect(watched.container, { signal: app.signal });
  if (now === undefined) return { state: 'ended', what: 'is gone: its container was removed' };
  if (now.state === 'running' && now.startedAt !== undefined) return { state: 'running', startedAt: now.startedAt };
  const memory = now.oomKilled ? ' (out of memory)' : '';
  return { state: 'ended', what: now.exitCode === undefined ? `is ${now.state}` : `ended with exit code ${now.exitCode}${memory}` };
}

/** Its supervisor would start it again; that it has ended is what counts here. */
async function lookAtProcess(app: App, instance: string): Promise<Life> {
  const program = await runningProcess(app.paths, instance);
  if (program !== undefined) return { state: 'running', startedAt: program.startedAt };
  const { lastExit, reason } = (await readSupervision(app.paths, instance)) ?? {};
  if (reason !== undefined) return { state: 'ended', what: `could not be started (${reason})` };
  return { state: 'ended', what: lastExit === undefined ? 'does not run' : `ended ${wordsOfExit(lastExit)}` };
}

export async function exited(app: App, engine: Engine, watched: Watched, life: Life & { state: 'ended' }, when: string): Promise<SlipwayError> {
  return new SlipwayError('E_INSTANCE_EXITED', `${watched.instance} ${life.what} ${when}.`, {
    hint: `\`slipway instance logs ${watched.instance}\` shows all that it wrote.`,
    ...(await lastWords(app, engine, watched)),
  });
}

/** For a failure's message; that it cannot be read hides no failure. */
export async function lastWords(app: App, engine: Engine, { kind, instance, container }: Watched): Promise<{ readonly detail?: string }> {
  const words = kind === 'process' ? lastProcessLines(app, instance, 20) : lastLines(engine, container, 20);
  const detail = await words.catch(() => '');
  return detail === '' ? {} : { detail };
}
