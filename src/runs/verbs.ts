import type { EngineRef } from '../engine/model.ts';
import type { Verb } from '../operations/model.ts';
import { checkIdentifier, checkRunId } from '../state/identifiers.ts';
import { type ContainerMaking, observeMaking, planContainer } from './executors/container-plan.ts';
import type { ContainerWanted } from './executors/container-spec.ts';
import type { RunRef } from './model.ts';
import { type EndRunObserved, type EndRunWanted, type NewRunObserved, type NewRunWanted, observeEnd, observeNewRun } from './observe.ts';
import { queueLock } from './open-runs.ts';
import { planEnd, planNew } from './plan.ts';
import { observePrune, planPrune, type PruneObserved, type PruneWanted } from './prune.ts';
import { observeReap, planReap, type ReapObserved } from './reap.ts';

/** Writes a run's record and puts it in the queue. Its driver is started by whoever asked for it, or by the next command. */
export const newRun: Verb<NewRunWanted, NewRunObserved> = {
  name: 'run.new',
  locks: () => [queueLock],
  observe: observeNewRun,
  plan: planNew,
  reached: ({ exists }) => exists,
  describe: ({ source }) => `ci run ${source.revision}`,
};

export interface StartRunWanted extends ContainerWanted {
  readonly engine: EngineRef;
  /** As whom the image's programs run. */
  readonly user: string;
}

/** Network, services and container of a run. */
export const startRun: Verb<StartRunWanted, ContainerMaking> = {
  name: 'run.start',
  locks: ({ run }) => [changeLock(run)],
  observe: (app, wanted) => observeMaking(app, wanted.engine, wanted),
  plan: planContainer,
  describe: ({ run }) => `start the container of run ${run.run}`,
};

/** Removes what a run had and records how it ended. */
export const endRun: Verb<EndRunWanted, EndRunObserved> = {
  name: 'run.end',
  locks: (ref) => [changeLock(ref)],
  observe: observeEnd,
  plan: planEnd,
  describe: ({ run }) => `end run ${run}`,
};

/** Removes old runs with all that belongs to them. */
export const pruneRuns: Verb<PruneWanted, PruneObserved> = {
  name: 'run.prune',
  locks: () => ['run-prune'],
  observe: observePrune,
  plan: planPrune,
  describe: () => 'ci prune',
};

/** Removes what runs have left behind. */
export const reapRuns: Verb<Record<string, never>, ReapObserved> = {
  name: 'run.reap',
  locks: () => ['run-prune'],
  observe: observeReap,
  plan: planReap,
  describe: () => 'ci reap',
};

/** Not the driver's: that one is held from first to last. */
function changeLock({ repository, run }: RunRef): string {
  return `run/${checkIdentifier('repository', repository)}/${checkRunId(run)}-change`;
}

export const verbs: readonly Verb[] = [newRun, startRun, endRun, pruneRuns, reapRuns] as readonly unknown[] as readonly Verb[];
