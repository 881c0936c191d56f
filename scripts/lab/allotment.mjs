import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './run.mjs';
import { closeNetwork, hasNetavarkChains, isNetworkTaken, removeNetavarkChains } from './network.mjs';
import { readState, writeJson } from './state.mjs';

/**
 * The labs of a machine share its kernel: each has a number of its own, from which its networks follow.
 * The first lab notes how the machine was, the last one puts that back. All of it is forgotten at a reboot, as it should be.
 */
const REGISTRY = '/run/slipway-lab';
const BEFORE = join(REGISTRY, 'before.json');
const NUMBERS = Array.from({ length: 40 }, (_, index) => 210 + index);

const FORWARD = '/proc/sys/net/ipv4/ip_forward';
const TUN = '/dev/net/tun';

/**
 * Gives the lab in `dir` a number: the one that it had, or a free one. Call it under the machine's lock.
 * @param {string} dir
 * @param {number | undefined} earlier
 * @returns {Promise<number>}
 */
export async function claimNumber(dir, earlier) {
  mkdirSync(REGISTRY, { recursive: true });
  if (!existsSync(BEFORE))
    writeJson(BEFORE, { forward: readFileSync(FORWARD, 'utf8').trim(), tun: await tunMode(), netavark: await hasNetavarkChains(), folders: [] });
  const preferred = earlier === undefined ? NUMBERS : [earlier, ...NUMBERS];
  for (const number of preferred) {
    const holder = holderOf(number);
    if (holder === dir) return number;
    if (holder !== undefined && readState(holder)?.number === number) continue;
    if (holder !== undefined) await closeNetwork(number, 'all'); // its folder was removed by hand
    if (await isNetworkTaken(number)) continue;
    writeFileSync(join(REGISTRY, String(number)), dir);
    return number;
  }
  throw new Error(`No free network for another lab on this machine: see ${REGISTRY}.`);
}

/** @param {number} number @returns {string | undefined} the lab's folder */
function holderOf(number) {
  const file = join(REGISTRY, String(number));
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** What containers need of the machine: forwarding, and a tunnel device that anybody may open. */
export function prepareMachine() {
  if (readFileSync(FORWARD, 'utf8').trim() !== '1') writeFileSync(FORWARD, '1');
  if (existsSync(TUN)) chmodSync(TUN, 0o666);
}

/**
 * Makes the mount points that engines share, and notes which were not there.
 * @param {readonly string[]} folders
 */
export function prepareFolders(folders) {
  const before = JSON.parse(readFileSync(BEFORE, 'utf8'));
  const made = folders.filter((folder) => mkdirSync(folder, { recursive: true }) !== undefined);
  if (made.length > 0) writeJson(BEFORE, { ...before, folders: [...before.folders, ...made] });
}

async function tunMode() {
  if (!existsSync(TUN)) await attempt(['modprobe', 'tun']);
  return existsSync(TUN) ? statSync(TUN).mode & 0o777 : null;
}

/**
 * Gives the number back; after the last lab the machine is as it was. Call it under the machine's lock.
 * @param {number} number
 */
export async function releaseNumber(number) {
  await closeNetwork(number, 'all');
  rmSync(join(REGISTRY, String(number)), { force: true });
  if (!existsSync(BEFORE) || readdirSync(REGISTRY).some((name) => /^\d+$/.test(name))) return;
  const before = JSON.parse(readFileSync(BEFORE, 'utf8'));
  if (!before.netavark) await removeNetavarkChains();
  writeFileSync(FORWARD, before.forward);
  if (before.tun !== null && existsSync(TUN)) chmodSync(TUN, before.tun);
  for (const folder of before.folders.toReversed()) removeIfEmpty(folder);
  rmSync(REGISTRY, { recursive: true });
}

/** @param {string} folder */
export function removeIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // somebody else uses it now
  }
}
