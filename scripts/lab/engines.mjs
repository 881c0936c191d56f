import { chmodSync, existsSync, readFileSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFolders, prepareMachine } from './allotment.mjs';
import { docker } from './docker.mjs';
import { locked } from './lock.mjs';
import { holdPrivateMounts, unmountBelow } from './mounts.mjs';
import { closeNetwork, openFirewall } from './network.mjs';
import { answers, waitForAnswer } from './ping.mjs';
import { podman, podmanRootless } from './podman.mjs';
import { isAlive, killAll, processesOfEngine, processesOfService, startService } from './processes.mjs';
import { tell } from './run.mjs';
import { writeState } from './state.mjs';

/**
 * @typedef {import('./state.mjs').EngineName} EngineName
 * @typedef {import('./state.mjs').LabState} LabState
 * @typedef {import('./state.mjs').Person} Person
 * @typedef {import('./state.mjs').Started} Started
 * @typedef {import('./state.mjs').EngineProcesses} EngineProcesses
 * @typedef {{ root: string, number: number, person: Person }} Setting `person`: only a rootless engine asks for it
 * @typedef {{ argv: readonly string[], env: Record<string, string>, user?: Person }} Service
 */

/**
 * @typedef {object} EngineKind
 * @property {'docker' | 'podman'} kind
 * @property {boolean} rootless
 * @property {readonly string[]} privateFolders machine-wide folders that it must not share; none: no mount namespace of its own
 * @property {readonly string[]} volatile what a reboot would take away, below its folder
 * @property {'docker' | 'podman' | undefined} network the part of the lab's networks that it uses
 * @property {(root: string) => string} socket
 * @property {(setting: Setting) => Promise<void>} configure writes its configuration and makes its networks; repeatable
 * @property {(setting: Setting & { holder: Started }) => Service} service
 * @property {(setting: Setting & { holder: Started }) => Service} [helper] a service that it needs beside itself
 * @property {(setting: { root: string, person: Person }) => Record<string, string>} clientEnvironment
 * @property {(endpoint: string) => readonly string[]} program
 */

/** @type {Record<EngineName, EngineKind>} */
export const ENGINES = { docker, podman, 'podman-rootless': podmanRootless };

/**
 * The engine's folder. Podman refuses a run root of more than 50 characters, and a rootless one is `run/containers` below it.
 * @param {LabState} state
 * @param {EngineName} name
 */
export function rootOf(state, name) {
  return join(state.dir, name === 'podman-rootless' ? 'user' : name);
}

/** @param {LabState} state @param {EngineName} name */
export function endpointOf(state, name) {
  return `unix://${ENGINES[name].socket(rootOf(state, name))}`;
}

/** @param {LabState} state @returns {Person} */
export function personOf(state) {
  if (state.person === null) throw new Error(`The lab in ${state.dir} has no person yet: run \`up\` again.`);
  return state.person;
}

/**
 * The person of a rootless engine. The others are root's, and a folder with only those needs nobody else.
 * @param {LabState} state
 * @param {EngineName} name
 * @returns {Person}
 */
function ownerOf(state, name) {
  return ENGINES[name].rootless || state.person !== null ? personOf(state) : { name: 'root', uid: 0, gid: 0, home: '/root' };
}

/** @param {LabState} state @param {EngineName} name */
export function isRunning(state, name) {
  return isAlive(state.engines[name]?.service) ? answers(ENGINES[name].socket(rootOf(state, name))) : Promise.resolve(false);
}

/**
 * Starts an engine and waits until it answers. One that runs stays as it is.
 * @param {LabState} state
 * @param {EngineName} name
 */
export async function startEngine(state, name) {
  if (await isRunning(state, name)) return;
  const engine = ENGINES[name];
  const root = rootOf(state, name);
  const socket = engine.socket(root);
  const setting = { root, number: state.number, person: ownerOf(state, name) };
  // Engines start side by side, and labs too: what they share is prepared by one at a time.
  const holder = await locked('machine', async () => {
    prepareMachine();
    await openFirewall(state.number);
    await engine.configure(setting);
    return holderOf(state, name);
  });
  // One that was started but not noted, or hangs, would share its files with the new one.
  await killService(state, name);
  rmSync(socket, { force: true });
  rmSync(join(root, 'docker.pid'), { force: true });
  const places = { ...setting, holder: holder ?? { pid: process.pid, start: '' } };
  const earlier = state.engines[name]?.helper;
  const helper = engine.helper === undefined || isAlive(earlier) ? earlier : begin(engine.helper(places), join(root, 'log', 'helper.log'));
  const log = join(root, 'log', 'service.log');
  const service = begin(engine.service(places), log);
  state.engines[name] = { service, ...(holder && { holder }), ...(helper && { helper }) };
  writeState(state);
  if (!(await waitForAnswer(socket, () => isAlive(service)))) {
    const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-20).join('\n');
    throw new Error(`${name} does not answer on ${socket}:\n${tail}`);
  }
  chmodSync(socket, 0o666);
  tell(`${name} answers`);
}

/** @param {LabState} state @param {EngineName} name @returns {Promise<Started | undefined>} */
async function holderOf(state, name) {
  const { privateFolders } = ENGINES[name];
  if (privateFolders.length === 0) return undefined;
  const earlier = state.engines[name]?.holder;
  if (earlier !== undefined && isAlive(earlier)) return earlier;
  prepareFolders(privateFolders);
  return holdPrivateMounts(rootOf(state, name), privateFolders);
}

/** @param {Service} service @param {string} log */
function begin({ argv, env, user }, log) {
  return startService(argv, { env, log, cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) });
}

/**
 * Kills the service that answers, and nothing else: containers go on, the socket stays.
 * @param {LabState} state
 * @param {EngineName} name
 */
export async function killService(state, name) {
  const root = rootOf(state, name);
  const { argv } = ENGINES[name].service({ root, number: state.number, person: ownerOf(state, name), holder: { pid: 0, start: '' } });
  // What enters the mount namespace replaces itself by the service.
  const own = argv.slice(argv.indexOf('--') + 1);
  await killAll(() => processesOfService(root, own));
}

/**
 * What a power cut leaves of an engine: its data. Processes, mounts, networks and everything in memory are gone.
 * @param {LabState} state
 * @param {EngineName} name
 */
export async function crashEngine(state, name) {
  const engine = ENGINES[name];
  const root = rootOf(state, name);
  await killAll(() => processesOfEngine(root));
  await unmountBelow(root);
  for (const path of engine.volatile) rmSync(join(root, path), { recursive: true, force: true });
  if (engine.rootless && state.person !== null) rmSync(`/dev/shm/libpod_rootless_lock_${state.person.uid}`, { force: true });
  if (engine.network !== undefined) await closeNetwork(state.number, engine.network);
  removeControlGroups(containerIds(root));
}

/** @param {string} root @returns {ReadonlySet<string>} */
function containerIds(root) {
  const ids = ['data/containers', 'data/overlay-containers'].flatMap((folder) => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []));
  return new Set(ids.filter((id) => /^[0-9a-f]{64}$/.test(id)));
}

/**
 * A container that is killed with its monitor leaves empty control groups behind.
 * @param {ReadonlySet<string>} ids
 */
function removeControlGroups(ids) {
  const mounts = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  for (const parent of mounts.flatMap((mount) => [join(mount, 'docker'), join(mount, 'libpod_parent')])) {
    if (!existsSync(parent)) continue;
    for (const name of readdirSync(parent)) if (ids.has(/[0-9a-f]{64}$/.exec(name)?.[0] ?? '')) removeGroup(join(parent, name));
  }
}

/** @param {string} group */
function removeGroup(group) {
  for (const entry of readdirSync(group, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(join(group, entry.name));
  try {
    rmdirSync(group);
  } catch {
    // a process that is still ending: the kernel removes nothing by itself, but an empty group does no harm
  }
}
