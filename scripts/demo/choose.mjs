import { hasOwnEngine, installTools, startOwnEngine } from './engine.mjs';
import { ask, say } from './terminal.mjs';

/**
 * @typedef {{ level: string, code: string, message: string, hint: string }} Finding
 * @typedef {{ chosen: { kind: string, endpoint: string } | null, problem: { message: string, hint: string } | null, engines: { endpoint: string, findings: Finding[] }[], machine: Finding[] }} Diagnosis
 */

/** The machine's own engine where one answers and nothing is wrong with it, else one of the demo's. */
export async function chooseEngine(/** @type {NodeJS.ProcessEnv} */ env) {
  const isRoot = process.getuid?.() === 0;
  if (hasOwnEngine() && isRoot && !env.SLIPWAY_ENGINE) return { ...(await startOwnEngine()), registry: hasRegistry((await ask(['doctor'], env)).value) };
  const { value } = await ask(['doctor'], env);
  const trouble = troubleOf(value, Boolean(env.SLIPWAY_ENGINE));
  const registry = hasRegistry(value);
  if (trouble === undefined) {
    say(`The engine that is here: ${value.chosen.kind} at ${value.chosen.endpoint}.`);
    return { endpoint: value.chosen.endpoint, env: {}, registry };
  }
  if (!isRoot) throw new Error(`${trouble}\nThe demo can install an engine of its own where it is run as root.`);
  say(`No engine can be used here (${trouble.split('\n')[0]}). The demo installs one from the distribution, in a folder of its own.`);
  return { ...(await startOwnEngine()), registry };
}

/** What a base image is made with where there is no registry, and git. */
export async function prepareTools(/** @type {boolean} */ bootstrap) {
  if (process.getuid?.() === 0) await installTools();
  else if (bootstrap) say("mmdebstrap has to be installed: the base image is made from the distribution's packages.");
}

/**
 * Why the chosen engine cannot be used. One that a person named is taken to be set up for its machine.
 * @param {Diagnosis | undefined} diagnosis
 * @param {boolean} named
 * @returns {string | undefined}
 */
function troubleOf(diagnosis, named) {
  if (diagnosis === undefined) return '`slipway doctor` gave no answer';
  const { chosen, problem, engines, machine } = diagnosis;
  if (chosen === null) return `${problem?.message}\n${problem?.hint}`;
  const findings = engines.filter(({ endpoint }) => endpoint === chosen.endpoint).flatMap(({ findings: of }) => of);
  const limits = chosen.kind === 'podman' && !named ? machine.filter(({ code }) => code === 'fixed-limits') : [];
  const bad = [...findings.filter(({ level }) => level === 'error'), ...limits][0];
  return bad === undefined ? undefined : `${chosen.kind}: ${bad.message}\n${bad.hint}`;
}

/** @param {Diagnosis | undefined} diagnosis */
function hasRegistry(diagnosis) {
  return diagnosis?.machine.some(({ code, level }) => code === 'registry' && level === 'ok') ?? false;
}
