import { alternate } from '../measure/alternate.mjs';
import { program } from '../measure/program.mjs';
import { atMost } from '../target.mjs';

/** @typedef {import('../run.mjs').Bench} Bench */

/** What the program itself costs: its help against a Node.js that does nothing. @param {Bench} bench */
export async function startUp({ runs, empty, slipway }) {
  const sides = [empty, program('slipway', [process.execPath, slipway, '--help'], process.env)];
  const times = await alternate('--help', sides, runs);
  return [{ name: '`--help`', engine: '', times, target: atMost(times, '15 ms', 15) }];
}
