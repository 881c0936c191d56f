import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';

const mostTries = 4;

/** Asks again where an engine refused for a reason that passes by itself: its words match `reason`. */
export async function whilePassing<T>(reason: RegExp, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === mostTries || !(error instanceof SlipwayError && reason.test(error.message))) throw error;
      await sleep(250 * tries);
    }
  }
}
