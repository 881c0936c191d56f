import type { App } from '../operations/model.ts';
import { launchDriverOf } from './driver/launch.ts';
import type { RunRef } from './model.ts';
import { driverOf } from './open-runs.ts';
import { readEndRequest, writeEndRequest } from './requests.ts';
import { readOutcome } from './store.ts';

/**
 * Asks a run to end; asked again, it ends also what always runs. `false`: it has ended already. Its driver does the rest: `awaitEnd`
 * waits for that.
 */
export async function cancelCiRun(app: App, ref: RunRef, by: string): Promise<boolean> {
  if ((await readOutcome(app.paths, ref)) !== undefined) return false;
  const before = await readEndRequest(app.paths, ref);
  await writeEndRequest(app.paths, ref, { kind: 'cancelled', at: app.clock.now().toISOString(), by, ...(before?.kind === 'cancelled' ? { again: true } : {}) });
  if ((await driverOf(app.paths, ref)) === undefined) await launchDriverOf(app, ref);
  return true;
}
