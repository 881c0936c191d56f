import type { Verb } from '../operations/model.ts';
import { type NewRunObserved, type NewRunWanted, observeNewRun } from './observe.ts';
import { queueLock } from './open-runs.ts';
import { planNew } from './plan.ts';

/** Writes a run's record and puts it in the queue. Its driver is started by whoever asked for it, or by the next command. */
export const newRun: Verb<NewRunWanted, NewRunObserved> = {
  name: 'run.new',
  locks: () => [queueLock],
  observe: observeNewRun,
  plan: planNew,
  reached: ({ exists }) => exists,
  describe: ({ source }) => `ci run ${source.revision}`,
};

export const verbs: readonly Verb[] = [newRun] as readonly unknown[] as readonly Verb[];
