import { existsSync, mkdirSync } from 'node:fs';
import { claimNumber } from '../lab/allotment.mjs';
import { endpointOf, ENGINES, rootOf, startEngine } from '../lab/engines.mjs';
import { locked } from '../lab/lock.mjs';
import { installPackages } from '../lab/packages.mjs';
import { removeLab } from '../lab/removal.mjs';
import { readState, writeState } from '../lab/state.mjs';
import { engineFolder } from './folders.mjs';

/**
 * @typedef {import('../lab/state.mjs').LabState} LabState
 * @typedef {{ endpoint: string, env: Record<string, string> }} DemoEngine
 */

const NAME = 'docker';

/**
 * An engine from the distribution, in a folder of its own: the machine's own configuration stays as it is. One from an
 * earlier demo is started again, or goes on.
 * @returns {Promise<DemoEngine>}
 */
export async function startOwnEngine() {
  mkdirSync(engineFolder, { recursive: true });
  return locked(engineFolder, async () => {
    await locked('packages', () => installPackages([NAME]));
    const earlier = readState(engineFolder);
    /** @type {LabState} */
    const state = earlier ?? { format: 1, dir: engineFolder, number: 0, person: null, engines: {} };
    state.number = await locked('machine', () => claimNumber(engineFolder, earlier?.number));
    writeState(state);
    await startEngine(state, NAME);
    const env = ENGINES[NAME].clientEnvironment({ root: rootOf(state, NAME), person: { name: 'root', uid: 0, gid: 0, home: '/root' } });
    return { endpoint: endpointOf(state, NAME), env };
  });
}

export function hasOwnEngine() {
  return existsSync(engineFolder) && readState(engineFolder) !== undefined;
}

/** What seeds workspaces and makes base images, from the distribution. */
export function installTools() {
  return locked('packages', () => installPackages([]));
}

/** Ends the engine of the demo, with all that it holds. */
export async function removeOwnEngine() {
  const state = existsSync(engineFolder) ? readState(engineFolder) : undefined;
  if (state !== undefined) await locked(engineFolder, () => removeLab(state));
}
