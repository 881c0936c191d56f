import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { releaseNumber, removeIfEmpty } from './allotment.mjs';
import { crashEngine, rootOf } from './engines.mjs';
import { locked } from './lock.mjs';
import { unmountBelow } from './mounts.mjs';
import { endProcessesOf, removePerson } from './person.mjs';
import { run, tell } from './run.mjs';
import { ENGINE_NAMES, STATE_FILE } from './state.mjs';

/** @typedef {import('./state.mjs').LabState} LabState */

/**
 * Ends everything that the lab started and removes all that it made.
 * @param {LabState} state
 */
export async function removeLab(state) {
  for (const name of ENGINE_NAMES) {
    if (!existsSync(rootOf(state, name))) continue;
    await crashEngine(state, name);
    tell(`${name} is stopped`);
  }
  if (state.person !== null) await endProcessesOf(state.person);
  await unmountBelow(state.dir);
  // First the big files: removing a user waits until all that was written is on disk. What is needed to try again stays to the last.
  await removeTrees(
    readdirSync(state.dir)
      .filter((name) => name !== STATE_FILE)
      .map((name) => join(state.dir, name)),
  );
  await locked('machine', async () => {
    if (state.person !== null) await removePerson(state.person);
    await releaseNumber(state.number);
    removeSharedGroups();
  });
  await removeTrees([state.dir]);
}

/**
 * Node's own removal would cross into a file system that is mounted meanwhile.
 * @param {readonly string[]} paths
 */
async function removeTrees(paths) {
  await Promise.all(paths.map((path) => run(['rm', '-rf', '--one-file-system', '--', path])));
}

/** The groups above all containers of an engine kind; one that is in use cannot be removed. */
function removeSharedGroups() {
  const mounts = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  for (const mount of mounts) for (const name of ['docker/buildkit', 'docker', 'libpod_parent/conmon', 'libpod_parent']) removeIfEmpty(join(mount, name));
}
