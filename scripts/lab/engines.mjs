import { chmodSync, existsSync, readFileSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFolders, prepareMachine } from './allotment.mjs';
import { docker } from './docker.mjs';
import { holdPrivateMounts, unmountBelow } from './mounts.mjs';
import { closeNetwork, openFirewall } from './network.mjs';
import { answers, waitForAnswer } from './ping.mjs';
import { podman, podmanRootless } from './podman.mjs';
import { isAlive, killAll, processesOfEngine, startService } from './processes.mjs';
import { tell } from './run.mjs';
import { writeState } from './state.mjs';

/**
 * @typedef {import('./state.mjs').EngineName} EngineName
 * @typedef {import('./state.mjs').LabState} LabState
 * @typedef {import('./state.mjs').Person} Person
 * @typedef {import('./state.mjs').Started} Started
 * @typedef {{ root: string, number: number, person: Person }} Setting
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
 * @property {(setting: Setting & { holder: Started }) => { argv: readonly string[], env: Record<string, string>, user?: Person }} service
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
  const setting = { root, number: state.number, person: personOf(state) };
  prepareMachine();
  await openFirewall(state.number);
  await engine.configure(setting);
  rmSync(socket, { force: true });
  rmSync(join(root, 'docker.pid'), { force: true });

  const holder = await holderOf(state, name);
  if (holder !== undefined) remember(state, name, { service: state.engines[name]?.service ?? holder, holder });
  const { argv, env, user } = engine.service({ ...setting, holder: holder ?? { pid: process.pid, start: '' } });
  const log = join(root, 'log', 'service.log');
  const service = startService(argv, { env, log, cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) });
  remember(state, name, { service, ...(holder && { holder }) });
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

/** @param {LabState} state @param {EngineName} name @param {{ service: Started, holder?: Started }} processes */
function remember(state, name, processes) {
  state.engines[name] = processes;
  writeState(state);
}

/**
 * Kills the service that answers, and nothing else: containers go on, the socket stays.
 * @param {LabState} state
 * @param {EngineName} name
 */
export async function killService(state, name) {
  const service = state.engines[name]?.service;
  await killAll(() => (service !== undefined && isAlive(service) ? [service.pid] : []));
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
