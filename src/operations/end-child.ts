import { bootId, isSameProcessAlive, type ProcessIdentity } from '../state/process-identity.ts';
import type { App } from './model.ts';

/** A child that was started as the leader of a group. */
export type Child = Pick<ProcessIdentity, 'pid' | 'startTime' | 'bootId'>;

/** Children run in groups of their own; a build that goes on after its parent died would tag what nobody waits for. */
export async function endChild(app: App, child: Child): Promise<void> {
  if (child.bootId !== bootId() || !isSameProcessAlive(child)) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < 2_000 && isSameProcessAlive(child); waited += 50) await app.clock.sleep(50);
    if (!isSameProcessAlive(child)) return;
  }
}
