import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARKER, isAlive, startService } from './processes.mjs';
import { attempt } from './run.mjs';
import { serviceEnvironment } from './machine.mjs';

/** @typedef {import('./state.mjs').Started} Started */

/**
 * Starts the process that holds an engine's mount namespace. The folders that engines share machine-wide
 * (`/run/containerd`, `/run/netns`, locks in `/dev/shm` …) are private and in memory there, so that an engine
 * meets neither the person's own nor another lab's, and what it mounts is gone with its last process.
 * Mounts that the machine makes later still arrive inside.
 * @param {string} root the engine's folder
 * @param {readonly string[]} folders what is private
 * @returns {Promise<Started>}
 */
export async function holdPrivateMounts(root, folders) {
  const script = [
    'set -e',
    ...folders.map((folder) => `mount -t tmpfs -o ${folder === '/dev/shm' ? 'mode=1777' : 'mode=755'} slipway-lab ${folder}`),
    'echo "private mounts ready: $$"',
    'exec sleep infinity',
  ].join('\n');
  const log = join(root, 'log', 'mounts.log');
  mkdirSync(join(root, 'log'), { recursive: true });
  const env = serviceEnvironment({ [MARKER]: root });
  const holder = startService(['unshare', '--mount', '--propagation', 'slave', '--', 'sh', '-c', script], { env, log, cwd: '/' });
  for (let tries = 0; tries < 200; tries += 1) {
    if (readFileSync(log, 'utf8').includes(`private mounts ready: ${holder.pid}\n`)) return holder;
    if (!isAlive(holder)) break;
    await sleep(25);
  }
  throw new Error(`No private mount namespace for ${root}:\n${readFileSync(log, 'utf8')}`);
}

/** @param {Started} holder @param {readonly string[]} argv */
export function insideMounts(holder, argv) {
  return ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--', ...argv];
}

/**
 * Unmounts what is mounted below a folder, the deepest first.
 * @param {string} folder
 */
export async function unmountBelow(folder) {
  for (const point of mountsBelow(folder).reverse()) await attempt(['umount', '--lazy', '--', point]);
  const left = mountsBelow(folder);
  if (left.length > 0) throw new Error(`Still mounted: ${left.join(' ')}`);
}

/** @param {string} folder @returns {string[]} in the order in which they were mounted */
function mountsBelow(folder) {
  if (!existsSync(folder)) return [];
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
}
