import { chmodSync, existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, tell } from '../scripts/lab/run.mjs';
import { EngineClient } from './measure/engine-client.mjs';

const lab = fileURLToPath(new URL('../scripts/lab.mjs', import.meta.url));

/**
 * @typedef {object} BenchEngine
 * @property {string} name
 * @property {string} endpoint
 * @property {readonly string[]} program the engine's own program, told its endpoint
 * @property {NodeJS.ProcessEnv} env
 * @property {EngineClient} client
 * @property {string} version
 * @property {string} image a small Debian that is there
 * @property {import('./measure/program.mjs').User} person somebody who is not root
 */

/**
 * The engines of the lab that SLIPWAY_LAB names, or of one that is started for this and removed afterwards.
 * @template T
 * @param {readonly string[]} names
 * @param {(engines: readonly BenchEngine[]) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withEngines(names, work) {
  const given = process.env.SLIPWAY_LAB;
  if (given) return open(given, names, work);
  const dir = mkdtempSync('/var/tmp/slipway-b-');
  // The person reaches the sockets in it.
  chmodSync(dir, 0o755);
  try {
    tell(`starting ${names.join(' and ')} in ${dir}`);
    await run([process.execPath, lab, 'up', '--dir', dir, '--engines', names.join(',')]);
    return await Promise.race([open(join(dir, 'lab.json'), names, work), interruption()]);
  } finally {
    if (existsSync(join(dir, '.slipway-lab.json'))) await run([process.execPath, lab, 'down', '--dir', dir]);
    else rmdirSync(dir);
  }
}

/** So that the engines are removed also where somebody does not want to wait. A second signal ends the process at once. @returns {Promise<never>} */
function interruption() {
  return new Promise((_, reject) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => reject(new Error(`ended by ${name}`)));
  });
}

/** @template T @param {string} file @param {readonly string[]} names @param {(engines: readonly BenchEngine[]) => Promise<T>} work */
async function open(file, names, work) {
  const { engines, images, person } = JSON.parse(readFileSync(file, 'utf8'));
  const chosen = await Promise.all(
    names.map(async (name) => {
      const found = engines.find((/** @type {{ name: string }} */ engine) => engine.name === name);
      if (found === undefined) throw new Error(`The lab in ${file} has no engine ${name}.`);
      const client = new EngineClient(found.endpoint);
      const { Version: version } = await client.call('GET', '/version');
      return {
        name,
        endpoint: found.endpoint,
        program: found.program,
        env: { ...process.env, ...found.env },
        client,
        version,
        image: images.debian,
        person: { uid: person.uid, gid: person.gid },
      };
    }),
  );
  try {
    return await work(chosen);
  } finally {
    for (const { client } of chosen) client.close();
  }
}
