import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, run } from './run.mjs';
import { killAll, processesOfUsers } from './processes.mjs';
import { STATE_FILE } from './state.mjs';

/** @typedef {import('./state.mjs').Person} Person */

const NAME = 'slipway-lab';
const RANGES = ['/etc/subuid', '/etc/subgid'];

/**
 * Makes the lab's unprivileged person: a user of its own with a range of subordinate ids. Call it under the machine's lock.
 * @param {string} dir
 * @returns {Promise<Person>}
 */
export async function makePerson(dir) {
  const name = await freeName();
  for (const file of RANGES) if (!existsSync(file)) writeFileSync(file, '');
  const home = join(dir, 'home');
  await run([
    'useradd',
    '--home-dir',
    home,
    '--create-home',
    '--shell',
    '/bin/bash',
    '--user-group',
    '--comment',
    'Slipway lab',
    '-K',
    'UID_MIN=1500',
    '-K',
    'GID_MIN=1500',
    name,
  ]);
  chmodSync(home, 0o755);
  const person = findPerson(name);
  if (person === undefined) throw new Error(`useradd made no user ${name}.`);
  if (RANGES.some((file) => rangesIn(file, person).length === 0)) {
    const first = 1_000_000 + person.uid * 65_536;
    const range = `${first}-${first + 65_535}`;
    await run(['usermod', '--add-subuids', range, '--add-subgids', range, name]);
  }
  return person;
}

async function freeName() {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? NAME : `${NAME}-${number}`;
    const taken = findPerson(name);
    if (taken === undefined) return name;
    if (!isLeftOver(taken)) continue;
    await removePerson(taken);
    return name;
  }
}

/**
 * Whether a user is what is left of a lab that was removed by hand. A lab that is being removed has its person to the end, also when
 * the home is gone: whoever took the name by then would lose it.
 * @param {Pick<Person, 'uid' | 'home'>} person
 */
export function isLeftOver({ uid, home }) {
  return uid >= 1500 && !existsSync(join(dirname(home), STATE_FILE));
}

/** @param {string} name @returns {Person | undefined} */
export function findPerson(name) {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [user, , uid, gid, , home] = line.split(':');
    if (user === name && home !== undefined) return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

/** @param {string} file @param {Person} person */
function rangesIn(file, person) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([owner]) => owner === person.name || owner === String(person.uid))
    .map(([, first, count]) => ({ first: Number(first), count: Number(count) }));
}

/**
 * Ends every process of the person and of its containers.
 * @param {Person} person
 */
export async function endProcessesOf(person) {
  const ranges = rangesIn('/etc/subuid', person);
  const own = (/** @type {number} */ uid) => uid === person.uid || ranges.some(({ first, count }) => uid >= first && uid < first + count);
  await killAll(() => processesOfUsers(own));
}

/**
 * Removes the user; the home belongs to the lab's folder.
 * @param {Person} person
 */
export async function removePerson(person) {
  await endProcessesOf(person);
  if (findPerson(person.name)?.uid === person.uid) await run(['userdel', person.name]);
  await attempt(['groupdel', person.name]);
}
