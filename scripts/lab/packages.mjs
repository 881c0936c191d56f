import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { attempt, run, tell } from './run.mjs';

/** @typedef {import('./state.mjs').EngineName} EngineName */

const COMMON = ['busybox-static', 'ca-certificates', 'iproute2', 'iptables', 'mmdebstrap', 'git', 'tar', 'util-linux', 'kmod', 'procps'];
const PODMAN = ['podman', 'crun', 'runc', 'netavark', 'aardvark-dns', 'catatonit'];
/** @type {Record<EngineName, readonly string[]>} */
const OF_ENGINE = {
  docker: ['docker.io', 'containerd', 'runc'],
  podman: PODMAN,
  'podman-rootless': [...PODMAN, 'fuse-overlayfs', 'slirp4netns', 'uidmap'],
};

/** Units that the packages would start at the next boot. */
const UNITS = [
  'docker.service',
  'docker.socket',
  'containerd.service',
  'podman.service',
  'podman.socket',
  'podman-restart.service',
  'podman-auto-update.timer',
];

/**
 * Installs what is missing, without starting or enabling a system-wide engine.
 * @param {readonly EngineName[]} engines
 */
export async function installPackages(engines) {
  await install([...new Set([...COMMON, ...engines.flatMap((engine) => OF_ENGINE[engine])])]);
}

/** @param {readonly string[]} wanted */
export async function install(wanted) {
  const missing = await notInstalled(wanted);
  restorePolicy();
  if (missing.length === 0) return;
  tell(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // A source of the person's that does not answer must not stop the lab: what matters is whether the packages come.
  const update = await attempt(['apt-get', 'update', '-q'], { env });
  forbidServices();
  try {
    await run(
      ['apt-get', 'install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Options::=--force-confold', ...missing],
      { env },
    );
  } catch (error) {
    throw update.code === 0 ? error : new Error(`${error}\napt-get update had failed before:\n${update.stderr}`);
  } finally {
    restorePolicy();
  }
  if (missing.includes('docker.io') || missing.includes('podman')) await disableUnits();
}

/** @param {readonly string[]} names */
async function notInstalled(names) {
  const { stdout } = await attempt(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...names]);
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function disableUnits() {
  for (const unit of UNITS) {
    if (existsSync(`/lib/systemd/system/${unit}`)) await attempt(['systemctl', 'disable', unit]);
  }
}

const POLICY = '/usr/sbin/policy-rc.d';
const KEPT_POLICY = '/usr/sbin/policy-rc.d.before-slipway-lab';
const MARK = '# Slipway lab: no service starts while packages are installed';

function forbidServices() {
  if (existsSync(POLICY)) renameSync(POLICY, KEPT_POLICY);
  writeFileSync(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`);
  chmodSync(POLICY, 0o755);
}

/** Puts the machine's own policy back, also after an earlier installation that was killed. */
function restorePolicy() {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(MARK)) rmSync(POLICY);
  if (existsSync(KEPT_POLICY)) renameSync(KEPT_POLICY, POLICY);
}
