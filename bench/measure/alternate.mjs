import { tell } from '../../scripts/lab/run.mjs';
import { summarize } from './statistics.mjs';

/** @typedef {import('./statistics.mjs').Summary} Summary */

/**
 * @typedef {object} Side
 * @property {string} name
 * @property {() => Promise<unknown>} run what is timed
 * @property {() => Promise<unknown>} [before] not timed
 * @property {() => Promise<unknown>} [after] not timed
 */

/**
 * Times the sides in turn, A B A B …, so that whatever else the machine does falls on all of them. A first round, which fills
 * caches, is not counted.
 * @param {string} title
 * @param {readonly Side[]} sides
 * @param {number} runs
 * @returns {Promise<Record<string, Summary>>} by name
 */
export async function alternate(title, sides, runs) {
  tell(`${title}: ${sides.map(({ name }) => name).join(' | ')}`);
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(sides.map(({ name }) => [name, []]));
  for (let round = 0; round <= runs; round++) {
    for (const { name, before, run, after } of sides) {
      await before?.();
      const started = performance.now();
      await run();
      const ms = performance.now() - started;
      await after?.();
      if (round > 0) samples[name]?.push(ms);
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summarize(values)]));
}
