import { change } from '../operations/change.ts';
import type { App } from '../operations/model.ts';
import { reviveRuns } from './driver/revive.ts';
import { readEvents } from './events.ts';
import type { OutcomeKind, RunRef } from './model.ts';
import { type OpenRun, readOpenRun } from './open-runs.ts';
import { readOutcome } from './store.ts';
import { reapRuns } from './verbs.ts';

/** What became of a run that nobody looked after. */
export interface Settled extends RunRef {
  readonly state: 'ended' | 'running' | 'queued';
  readonly outcome: OutcomeKind | null;
}

export interface Reaped {
  readonly settled: readonly Settled[];
  /** Runs of which something was left. */
  readonly removed: readonly RunRef[];
}

/** Gives every unfinished run somebody who looks after it, waits until that is settled, and removes what runs have left behind. */
export async function reapCiRuns(app: App): Promise<Reaped> {
  const began = app.clock.now().toISOString();
  const revived = await reviveRuns(app, { now: true });
  const settled = await Promise.all(revived.map((open) => settle(app, open, began)));
  const { before } = await change(app, reapRuns, {});
  const left = new Map([...before.onEngine, ...before.onDisk].map((ref) => [ref.run, ref]));
  return { settled, removed: [...left.values()] };
}

const patienceMs = 120_000;
/** A run that goes on so long behind its adoption does go on. */
const goesOnMs = 2_000;

async function settle(app: App, before: OpenRun, since: string): Promise<Settled> {
  const ref: RunRef = { repository: before.repository, run: before.run };
  let working = 0;
  for (const limit = Date.now() + patienceMs; Date.now() < limit; await app.clock.sleep(200, app.signal)) {
    const [outcome, open] = await Promise.all([readOutcome(app.paths, ref), readOpenRun(app.paths, ref)]);
    // What had an outcome is being cleared away, until that is done or put off again.
    const isCleared = before.state !== 'left' || open === undefined || open.after !== before.after;
    if (outcome !== undefined && open?.state !== 'started' && isCleared) return { ...ref, state: 'ended', outcome: outcome.kind };
    const events = await readEvents(app.paths, ref);
    if (!events.some(({ event, at }) => event === 'driver' && at >= since)) continue;
    working ||= Date.now();
    const phase = events.findLast((event) => event.event === 'phase')?.phase;
    if (Date.now() - working > goesOnMs && open !== undefined && phase !== 'teardown')
      return { ...ref, state: open.state === 'queued' ? 'queued' : 'running', outcome: null };
  }
  return { ...ref, state: 'running', outcome: null };
}
