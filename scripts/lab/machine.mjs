import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const CAP_SYS_RESOURCE = 24n;

/** True where the machine has cgroup v2 alone; crun refuses the hybrid of v1 and v2. */
export function hasUnifiedCgroups() {
  return existsSync('/sys/fs/cgroup/cgroup.controllers');
}

/** Without this right, limits above the service's own cannot be set, and the engines' defaults are above it. */
export function canRaiseLimits() {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** A root that was never booted has no id, and a machine that boots in the lab is to have this one's. */
export function ensureMachineId() {
  const file = '/etc/machine-id';
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') writeFileSync(file, `${randomBytes(16).toString('hex')}\n`, { mode: 0o444 });
}

/** The distribution's code name, such as `bookworm`. */
export function codename() {
  const name = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (name === undefined) throw new Error('This machine has no VERSION_CODENAME in /etc/os-release: the lab needs Debian.');
  return name;
}

/** @param {string} program */
export function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/**
 * The environment that an engine's service gets: nothing of the person's own but the way to the outside.
 * @param {Record<string, string>} own
 * @returns {Record<string, string>}
 */
export function serviceEnvironment(own) {
  /** @type {Record<string, string>} */
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(https?|no|all|ftp)_proxy$/i.test(name) && value !== undefined) env[name] = value;
  }
  return { ...env, ...own };
}
