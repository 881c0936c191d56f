import { connect } from '../../engine/connect.ts';
import type { Engine, EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { processes } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { isEngineLost } from './failure.ts';

const pauseMs = 250;

/** Asks an engine until it answers, for some time where it is away. Throws the last error when that is over. */
export async function patiently<T>(
  { app, seconds, signal, isAway }: { readonly app: App; readonly seconds: number; readonly signal: AbortSignal; isAway(error: unknown): boolean },
  ask: () => Promise<T>,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error) || Date.now() >= until) throw error;
      await app.clock.sleep(pauseMs, signal);
    }
  }
}

/** An engine that is starting or ending answers with errors of all kinds: only what it says of a container itself counts. */
export function isAway(error: unknown): boolean {
  return isEngineLost(error) || (error instanceof SlipwayError && ['E_ENGINE', 'E_STREAM'].includes(error.code));
}

/** Nobody took the question: asking again cannot do anything twice. */
export function wasNotTaken(error: unknown): boolean {
  const cause = error instanceof SlipwayError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED');
}

/** Whether the engine at the address is still the one that has the run: another may have taken it over. Asked anew, not remembered. */
export async function isSameEngine(app: App, ref: EngineRef, signal: AbortSignal): Promise<boolean> {
  const fresh: Engine = connect(ref, { programs: processes, env: app.env });
  try {
    return (await fresh.info({ signal })).identity === ref.identity;
  } finally {
    fresh.close();
  }
}
