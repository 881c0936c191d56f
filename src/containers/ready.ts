import { lstatSync } from 'node:fs';
import type { Engine } from '../engine/model.ts';
import type { App } from '../operations/model.ts';
import { isMissing } from '../state/atomic.ts';

export interface Readiness {
  /** Name or id. */
  readonly container: string;
  /** On the host, written by the container's first script when it is through. */
  readonly marker: string;
  /** ISO 8601. */
  readonly deadline: string;
}

/** Waits for a started container's marker. Gives `undefined` once it is there, else what happened: `ended with exit code 3`. */
export async function awaitReady(app: App, engine: Engine, { container, marker, deadline }: Readiness): Promise<string | undefined> {
  const until = Date.parse(deadline);
  // The marker is a look at one file; the engine is asked now and then, in case the container has died.
  for (let nextQuestion = Date.now() + 250; !exists(marker); await app.clock.sleep(5, app.signal)) {
    if (Date.now() < nextQuestion) continue;
    nextQuestion = Date.now() + 250;
    const now = await engine.containers.inspect(container, { signal: app.signal });
    if (now?.state === 'running' && Date.now() < until) continue;
    if (exists(marker)) return undefined;
    if (now === undefined) return 'was removed';
    return now.state === 'running' ? 'did not become ready in time' : `ended with exit code ${now.exitCode ?? 'unknown'}`;
  }
  return undefined;
}

function exists(file: string): boolean {
  try {
    // The container writes here: a link is not followed.
    return lstatSync(file).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
