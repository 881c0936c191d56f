#!/usr/bin/env node
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { claimNumber } from './lab/allotment.mjs';
import { ENGINES, crashEngine, endpointOf, isRunning, killService, personOf, rootOf, startEngine } from './lab/engines.mjs';
import { imageNames, importImages, importSystemd, makeArchives } from './lab/images.mjs';
import { locked } from './lab/lock.mjs';
import { ensureMachineId } from './lab/machine.mjs';
import { installPackages } from './lab/packages.mjs';
import { findPerson, makePerson } from './lab/person.mjs';
import { removeLab } from './lab/removal.mjs';
import { tell } from './lab/run.mjs';
import { ENGINE_NAMES, readState, writeJson, writeState } from './lab/state.mjs';

/**
 * @typedef {import('./lab/state.mjs').EngineName} EngineName
 * @typedef {import('./lab/state.mjs').LabState} LabState
 */

const USAGE = `Real engines in private roots, for tests and development. Needs root on Debian.

  lab.mjs up [--dir DIR] [--engines docker,podman,podman-rootless] [--json]
  lab.mjs status --dir DIR [--json]
  lab.mjs kill ENGINE --dir DIR     kills the service; containers go on
  lab.mjs crash ENGINE --dir DIR    a power cut: only the engine's data is left
  lab.mjs start ENGINE --dir DIR
  lab.mjs systemd ENGINE --dir DIR  imports the image of a machine that boots, and prints its name
  lab.mjs down --dir DIR            stops all and removes all
`;

// Below it follows `/user/run/containers`, of which Podman accepts 50 characters in all. Longer ones fail only when a
// container ends by itself: its exit is then noticed 20 s late.
const LONGEST_DIR = 30;

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { dir: { type: 'string' }, engines: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  const [command, engine] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  if (process.getuid?.() !== 0) throw new Error('The lab needs root: it installs packages and starts engines.');
  switch (command) {
    case 'up': {
      const file = await up(values.dir, engineList(values.engines));
      process.stdout.write(values.json ? `${JSON.stringify(await describe(stateIn(file.dir)), null, 2)}\n` : `${file.path}\n`);
      return;
    }
    case 'status':
      return status(stateIn(values.dir), values.json);
    case 'down':
      return down(values.dir);
    case 'kill':
      return change(values.dir, engine, killService);
    case 'crash':
      return change(values.dir, engine, crashEngine);
    case 'systemd':
      return change(values.dir, engine, async (state, name) => {
        process.stdout.write(`${await importSystemd(state, name)}\n`);
      });
    case 'start':
      return change(values.dir, engine, async (state, name) => {
        await startEngine(state, name);
        await describe(state);
      });
    default:
      throw new Error(`Unknown command ${command}.\n\n${USAGE}`);
  }
}

/** @param {string | undefined} text @returns {readonly EngineName[]} */
function engineList(text) {
  return text === undefined ? ENGINE_NAMES : text.split(',').map(engineName);
}

/** @param {string | undefined} text @returns {EngineName} */
function engineName(text) {
  const name = ENGINE_NAMES.find((known) => known === text);
  if (name === undefined) throw new Error(`Unknown engine ${text}: there are ${ENGINE_NAMES.join(', ')}.`);
  return name;
}

/** @param {string | undefined} dir @returns {LabState} */
function stateIn(dir) {
  if (dir === undefined) throw new Error('Say which lab: --dir DIR.');
  const state = existsSync(dir) ? readState(realpathSync(dir)) : undefined;
  if (state === undefined) throw new Error(`There is no lab in ${dir}.`);
  if (state.dir !== realpathSync(dir)) throw new Error(`The lab in ${dir} was made as ${state.dir}: it cannot be moved.`);
  return state;
}

/** @param {string | undefined} wanted @param {readonly EngineName[]} engines */
async function up(wanted, engines) {
  const dir = folderFor(wanted);
  return locked(dir, async () => {
    await locked('packages', () => installPackages(engines));
    ensureMachineId();
    const state = await locked('machine', () => prepare(dir));
    const archives = makeArchives();
    archives.catch(() => {}); // reported below, after the engines' own failures
    await Promise.all(engines.map((name) => startEngine(state, name)));
    const { tiny, debian } = await archives;
    await Promise.all(engines.map((name) => importImages(state, name, { tiny, debian })));
    await describe(state, { tiny, debian });
    return { dir, path: join(dir, 'lab.json') };
  });
}

/** @param {string | undefined} wanted */
function folderFor(wanted) {
  const dir = wanted === undefined ? openFolder() : resolve(wanted);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const real = realpathSync(dir);
  if (real.length > LONGEST_DIR) throw new Error(`${real} is too long for Podman's run root: at most ${LONGEST_DIR} characters.`);
  if (readState(real) === undefined && readdirSync(real).length > 0) throw new Error(`${real} is not empty and no lab: choose another folder.`);
  return real;
}

/** The person's engine and home are in it: others must be able to enter. */
function openFolder() {
  const dir = mkdtempSync('/var/tmp/slipway-lab-');
  chmodSync(dir, 0o755);
  return dir;
}

/** @param {string} dir @returns {Promise<LabState>} */
async function prepare(dir) {
  const earlier = readState(dir);
  /** @type {LabState} */
  const state = earlier ?? { format: 1, dir, number: 0, person: null, engines: {} };
  state.number = await claimNumber(dir, earlier?.number);
  writeState(state);
  if (state.person === null || findPerson(state.person.name)?.uid !== state.person.uid) {
    state.person = await makePerson(dir);
    writeState(state);
  }
  return state;
}

/**
 * Writes `lab.json`, what tests and people read.
 * @param {LabState} state
 * @param {import('./lab/images.mjs').Archives} [made]
 */
async function describe(state, made) {
  const archives = made ?? (await makeArchives());
  const person = personOf(state);
  const lab = {
    dir: state.dir,
    engines: ENGINE_NAMES.filter((name) => state.engines[name] !== undefined).map((name) => {
      const { kind, rootless, clientEnvironment, program } = ENGINES[name];
      const endpoint = endpointOf(state, name);
      const processes = state.engines[name];
      return {
        name,
        kind,
        rootless,
        endpoint,
        user: rootless ? person : null,
        env: clientEnvironment({ root: rootOf(state, name), person }),
        program: program(endpoint),
        pids: { service: processes?.service.pid, ...(processes?.holder && { mounts: processes.holder.pid }) },
      };
    }),
    person,
    images: imageNames(),
    archives,
  };
  writeJson(join(state.dir, 'lab.json'), lab);
  return lab;
}

/** @param {LabState} state @param {boolean} json */
async function status(state, json) {
  const engines = await Promise.all(
    ENGINE_NAMES.filter((name) => existsSync(rootOf(state, name))).map(async (name) => ({
      name,
      running: await isRunning(state, name),
      endpoint: endpointOf(state, name),
    })),
  );
  process.stdout.write(
    json
      ? `${JSON.stringify(engines, null, 2)}\n`
      : engines.map(({ name, running, endpoint }) => `${name.padEnd(16)} ${running ? 'running' : 'stopped'}  ${endpoint}\n`).join(''),
  );
}

/**
 * @param {string | undefined} dir
 * @param {string | undefined} engine
 * @param {(state: LabState, name: EngineName) => Promise<void>} verb
 */
async function change(dir, engine, verb) {
  const name = engineName(engine);
  const known = stateIn(dir);
  await locked(known.dir, () => verb(stateIn(known.dir), name));
}

/** @param {string | undefined} dir */
async function down(dir) {
  if (dir !== undefined && !existsSync(dir)) return;
  const known = stateIn(dir);
  await locked(known.dir, async () => removeLab(stateIn(known.dir)));
  tell(`${known.dir} is removed`);
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
