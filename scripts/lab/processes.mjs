import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {import('./state.mjs').Started} Started
 * @typedef {{ pid: number, parent: number, comm: string, state: string, start: string }} Process
 */

/** Engine programs put this into their children's environment; a container's own processes do not have it. */
export const MARKER = 'SLIPWAY_LAB_ENGINE';

/** Programs that engines start with an environment of their own, but with paths of the engine in their arguments. */
const ENGINE_PROGRAMS = /^(conmon|containerd|containerd-shim|docker-proxy|dockerd|netavark|aardvark-dns|slirp4netns|rootlessport|fuse-overlayfs|runc|crun)/;

/**
 * Starts a service that outlives this process and its terminal.
 * @param {readonly string[]} argv
 * @param {{ env: Record<string, string>, log: string, cwd: string, uid?: number, gid?: number }} options
 * @returns {Started}
 */
export function startService(argv, { log, ...options }) {
  const out = openSync(log, 'a');
  const child = spawn(argv[0] ?? '', argv.slice(1), { ...options, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  child.on('error', () => {});
  child.unref();
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${argv[0]} could not be started.`);
  return { pid, start: readProcess(pid)?.start ?? '' };
}

/** @param {Started | undefined} started */
export function isAlive(started) {
  if (started === undefined) return false;
  const now = readProcess(started.pid);
  return now !== undefined && now.start === started.start && now.state !== 'Z';
}

/** @param {number} pid @returns {Process | undefined} */
function readProcess(pid) {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The name is in parentheses and may hold any character: fields are counted from the last one.
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  return { pid, parent: Number(fields[1]), comm: stat.slice(stat.indexOf('(') + 1, end), state: fields[0] ?? '', start: fields[19] ?? '' };
}

/** @returns {Process[]} */
function readProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .flatMap((process) => (process === undefined || process.state === 'Z' ? [] : [process]));
}

/** @param {number} pid @param {string} file */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // it has ended
  }
}

/**
 * Every process of the engine whose files are below `root`: its service, its helpers, its containers'.
 * @param {string} root
 * @returns {number[]}
 */
export function processesOfEngine(root) {
  const all = readProcesses();
  const found = new Set(all.filter((process) => isOfEngine(process, root)).map(({ pid }) => pid));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}

/**
 * The processes of a service: rootless Podman is two, the one that was started and, in the user's namespace, the one that answers.
 * @param {string} root
 * @param {readonly string[]} argv
 */
export function processesOfService(root, argv) {
  return processesOfEngine(root).filter((pid) => readProc(pid, 'cmdline') === `${argv.join('\0')}\0`);
}

/** @param {Process} process @param {string} root */
function isOfEngine({ pid, comm }, root) {
  if (readProc(pid, 'environ')?.split('\0').includes(`${MARKER}=${root}`)) return true;
  if (ENGINE_PROGRAMS.test(comm) && readProc(pid, 'cmdline')?.includes(`${root}/`)) return true;
  // A container whose monitor was killed is nobody's descendant: its root file system tells where it belongs.
  return (
    namespaceOf(pid) !== namespaceOf('self') &&
    (readProc(pid, 'mountinfo') ?? '').split('\n').some((line) => line.split(' ')[4] === '/' && line.includes(`upperdir=${root}/`))
  );
}

/** @param {number | 'self'} pid */
function namespaceOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

/**
 * Every process of these numeric users.
 * @param {(uid: number) => boolean} belongs
 * @returns {number[]}
 */
export function processesOfUsers(belongs) {
  return readProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => {
      const ids =
        /^Uid:\s+(.*)$/m
          .exec(readProc(pid, 'status') ?? '')?.[1]
          ?.split(/\s+/)
          .map(Number) ?? [];
      return ids.some(belongs);
    });
}

/**
 * Kills at once, as a power cut would, until nothing is found any more.
 * @param {() => readonly number[]} find
 */
export async function killAll(find) {
  const deadline = Date.now() + 20_000;
  for (let pids = find(); pids.length > 0; pids = find()) {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended meanwhile
      }
    }
    if (Date.now() > deadline) throw new Error(`Processes that do not end after SIGKILL: ${pids.join(' ')}`);
    await sleep(50);
  }
}
