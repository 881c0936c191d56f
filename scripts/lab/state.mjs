import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {'docker' | 'podman' | 'podman-rootless'} EngineName
 * @typedef {{ pid: number, start: string }} Started a process, and the kernel's start time that tells it from a later one with its number
 * @typedef {{ service: Started, holder?: Started, helper?: Started }} EngineProcesses
 * @typedef {{ name: string, uid: number, gid: number, home: string }} Person
 * @typedef {object} LabState what `down` must know, also when `up` failed half-way
 * @property {1} format
 * @property {string} dir
 * @property {number} number the lab's number on this machine: its networks are 10.<number>.0.0/16
 * @property {Person | null} person
 * @property {Partial<Record<EngineName, EngineProcesses>>} engines
 */

export const ENGINE_NAMES = /** @type {const} */ (['docker', 'podman', 'podman-rootless']);

export const STATE_FILE = '.slipway-lab.json';

/** @param {string} dir @returns {LabState | undefined} */
export function readState(dir) {
  let text;
  try {
    text = readFileSync(join(dir, STATE_FILE), 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/** @param {LabState} state */
export function writeState(state) {
  writeJson(join(state.dir, STATE_FILE), state);
}

/** @param {string} file @param {unknown} value */
export function writeJson(file, value) {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(temporary, file);
}
