import { lastLines } from '../../containers/logs.ts';
import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { Watched } from './watched.ts';

/** Whether a service is there at all, well or not. */
export type Life =
  | { readonly state: 'running'; readonly startedAt: string }
  /** `what` goes on after a name: `ended with exit code 3`. */
  | { readonly state: 'ended'; readonly what: string };

export async function lookAt(app: App, engine: Engine, watched: Watched): Promise<Life> {
  const now = await engine.containers.inspect(watched.container, { signal: app.signal });
  if (now === undefined) return { state: 'ended', what: 'is gone: its container was removed' };
  if (now.state === 'running' && now.startedAt !== undefined) return { state: 'running', startedAt: now.startedAt };
  const memory = now.oomKilled ? ' (out of memory)' : '';
  return { state: 'ended', what: now.exitCode === undefined ? `is ${now.state}` : `ended with exit code ${now.exitCode}${memory}` };
}

export async function exited(engine: Engine, watched: Watched, life: Life & { state: 'ended' }, when: string): Promise<SlipwayError> {
  return new SlipwayError('E_INSTANCE_EXITED', `${watched.instance} ${life.what} ${when}.`, {
    hint: `\`slipway instance logs ${watched.instance}\` shows all that it wrote.`,
    ...(await lastWords(engine, watched)),
  });
}

/** For a failure's message; that it cannot be read hides no failure. */
export async function lastWords(engine: Engine, { container }: Watched): Promise<{ readonly detail?: string }> {
  const detail = await lastLines(engine, container, 20).catch(() => '');
  return detail === '' ? {} : { detail };
}
