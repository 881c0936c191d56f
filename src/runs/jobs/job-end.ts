import { SlipwayError } from '../../errors.ts';
import type { LaneEnd } from './follow-lane.ts';
import type { JobEnd } from './model.ts';
import type { EndedStep } from './supervised-lane.ts';

const nothing = { output: null, oomKills: 0 } as const;

export const cancelled: JobEnd = { ...nothing, state: 'cancelled', reason: 'cancelled', message: 'It was cancelled before it began.' };

/** How an attempt of steps ended, by what its supervisor has told. What it did not tell is never a success. */
export function endOfSteps(
  ended: readonly EndedStep[],
  lane: LaneEnd,
  facts: { readonly steps: number; readonly limitSeconds?: number | undefined; readonly wasCancelled: boolean },
): JobEnd {
  const last = ended.at(-1);
  const oomKills = ended.reduce((sum, { end }) => sum + (end.oomKills ?? 0), 0);
  const about = { output: null, oomKills, ...(last === undefined ? {} : { log: last.log, end: last.end }) };
  const which = last === undefined ? 'before its first step' : `in step ${ended.length} (${last.title.name})`;
  switch (lane.done) {
    case 'exited':
      if (ended.length === facts.steps && ended.every(({ end }) => end.exitCode === 0 && end.reason === 'exited'))
        return { state: 'succeeded', reason: 'done', output: null, oomKills };
      return { state: 'failed', reason: 'lost', message: `Its records do not tell of all its steps: they end ${which}.`, ...about };
    case 'failed':
      return { state: 'failed', reason: 'step', message: `Step ${ended.length} (${last?.title.name}) exited with ${last?.end.exitCode}.`, ...about };
    case 'timeout':
      return { state: 'failed', reason: 'timeout', message: `Step ${ended.length} (${last?.title.name}) ran over its time limit.`, ...about };
    case 'limit':
      return { state: 'failed', reason: 'timeout', message: `The job ran over its limit of ${facts.limitSeconds} s, ${which}.`, ...about };
    case 'cancelled':
      return { state: 'cancelled', reason: 'cancelled', message: `It was cancelled ${which}.`, ...about };
    default:
      if (facts.wasCancelled) return { state: 'cancelled', reason: 'cancelled', message: `It was cancelled ${which}.`, ...about };
      return { state: 'failed', reason: 'lost', message: `Its supervisor ended without a record, ${which}.`, ...about };
  }
}

/** Some output could not be written: what was left of the job's records is not a result. */
export function cutOutput(ended: readonly EndedStep[], complaints: string): JobEnd | SlipwayError {
  const step = ended.findIndex(({ isCut }) => isCut);
  const name = ended[step]?.title.name;
  const what = `Some output${name === undefined ? '' : ` of step ${step + 1} (${name})`} could not be kept`;
  if (/no space left|quota exceeded|file too large/i.test(complaints)) {
    return new SlipwayError('E_DISK_FULL', `${what}: no space is left where the run's channel is.`, {
      hint: 'Free some space (`slipway ci prune` removes old runs) and run it again.',
    });
  }
  const last = ended.at(-1);
  return { ...nothing, state: 'failed', reason: 'lost', message: `${what}.`, ...(last === undefined ? {} : { log: last.log, end: last.end }) };
}

export function lost(message: string): JobEnd {
  return { ...nothing, state: 'failed', reason: 'lost', message };
}
