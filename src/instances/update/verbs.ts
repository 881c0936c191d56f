import type { Verb } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import type { Outcome, ReplaceObserved, ReplaceWanted } from './model.ts';
import { observeReplace } from './observe.ts';
import { isReplaced, planReplace } from './plan.ts';

function replacing(name: string, words: string, outcome: Outcome): Verb<ReplaceWanted, ReplaceObserved> {
  return {
    name,
    locks: ({ instance }) => [`instance/${checkIdentifier('instance', instance)}`],
    observe: observeReplace,
    plan: (now, wanted) => planReplace(now, wanted, outcome),
    // After its commit only tidying is left, which plan() knows by itself.
    reached: (now, wanted) => !now.taken && isReplaced(now, wanted),
    describe: ({ instance }) => `instance ${words} ${instance}`,
  };
}

/** Puts another version in an instance's place; all of its configuration stays. */
export const updateInstance = replacing('instance.update', 'update', 'updated');

export const rollbackInstance = replacing('instance.rollback', 'rollback', 'rolled-back');

/** Makes an instance's container anew from what is configured now: an update to the same version. */
export const applyDrift = replacing('instance.apply-drift', 'start', 'updated');

export const verbs: readonly Verb[] = [updateInstance, rollbackInstance, applyDrift] as readonly unknown[] as readonly Verb[];
