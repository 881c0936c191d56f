import type { App } from '../../operations/model.ts';
import { bootId, currentProcess, processStartTime } from '../../state/process-identity.ts';
import { readInstance } from '../store.ts';
import { isRunning, readSupervision, type SupervisedProcess, type Supervision } from './file.ts';

const lookMs = 50;

/** Ends the program that a supervisor has left behind, which nobody can look after any more. `killed`: it did not end by itself in time. */
export async function endOrphan(app: App, instance: string): Promise<'none' | 'ended' | 'killed'> {
  const supervision = await readSupervision(app.paths, instance);
  const orphan = supervision?.process;
  if (supervision === undefined || orphan === undefined) return 'none';
  if (!isRunning(orphan)) {
    if (hasLeftItsGroup(supervision, orphan)) killGroup(orphan, 'SIGKILL');
    return 'none';
  }
  const { stopTimeoutSeconds } = await readInstance(app.paths, instance, app.person.home);
  killGroup(orphan, 'SIGTERM');
  const ended = await hasEnded(app, orphan, stopTimeoutSeconds * 1000);
  killGroup(orphan, 'SIGKILL');
  await hasEnded(app, orphan, 5_000);
  return ended ? 'ended' : 'killed';
}

/** It died after its supervisor, and what it had started may live. No process gets the number of a group that has members. */
function hasLeftItsGroup({ lastExit }: Supervision, { pid, startedAt, bootId: boot, pidNamespace }: SupervisedProcess): boolean {
  const isOfHere = boot === bootId() && pidNamespace === currentProcess().pidNamespace;
  return isOfHere && (lastExit === undefined || lastExit.at < startedAt) && processStartTime(pid) === undefined;
}

export async function hasEnded(app: App, program: SupervisedProcess, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs && isRunning(program); waited += lookMs) await app.clock.sleep(lookMs);
  return !isRunning(program);
}

function killGroup({ pid }: SupervisedProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
