import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canRaiseLimits, hasUnifiedCgroups, serviceEnvironment } from './machine.mjs';
import { insideMounts } from './mounts.mjs';
import { networksOf } from './network.mjs';
import { MARKER } from './processes.mjs';
import { writeJson } from './state.mjs';

/**
 * @typedef {import('./engines.mjs').EngineKind} EngineKind
 * @typedef {import('./engines.mjs').Setting} Setting
 */

/** @param {string} root */
const socket = (root) => join(root, 'podman.sock');

/** @param {string} endpoint */
const program = (endpoint) => ['podman', '--url', endpoint];

/**
 * Podman, as root.
 * @type {EngineKind}
 */
export const podman = {
  kind: 'podman',
  rootless: false,
  privateFolders: ['/run/netns', '/run/runc', '/run/crun', '/run/libpod', '/run/containers', '/var/lib/containers', '/dev/shm'],
  volatile: ['run', 'podman.sock'],
  network: 'podman',
  socket,

  async configure({ root, number }) {
    for (const folder of ['data', 'run', 'tmp', 'log', 'home', 'networks']) mkdirSync(join(root, folder), { recursive: true });
    const { podman: own } = networksOf(number);
    writeFileSync(
      join(root, 'containers.conf'),
      containersConf(
        root,
        `network_backend = "netavark"
network_config_dir = "${join(root, 'networks')}"
default_subnet = "${own.subnet}"
default_subnet_pools = [{"base" = "${own.pool}", "size" = 24}]
`,
      ),
    );
    writeFileSync(join(root, 'storage.conf'), storageConf(root, join(root, 'run', 'containers')));
    // Without this file Podman makes its network anew with an id and a bridge that all Podmans of a machine share.
    writeJson(join(root, 'networks', 'podman.json'), {
      name: 'podman',
      id: createHash('sha256').update(root).digest('hex'),
      driver: 'bridge',
      network_interface: own.bridge,
      created: '2024-01-01T00:00:00Z',
      subnets: [{ subnet: own.subnet, gateway: own.gateway }],
      ipv6_enabled: false,
      internal: false,
      dns_enabled: false,
      ipam_options: { driver: 'host-local' },
    });
  },

  service({ root, holder }) {
    const env = serviceEnvironment({ [MARKER]: root, HOME: join(root, 'home'), ...configurationOf(root), TMPDIR: join(root, 'tmp') });
    return { argv: insideMounts(holder, ['podman', 'system', 'service', '--time=0', `unix://${socket(root)}`]), env };
  },

  clientEnvironment: ({ root }) => configurationOf(root),
  program,
};

/**
 * Podman of an ordinary user. Its own user namespace keeps its mounts and networks apart from the machine's.
 * @type {EngineKind}
 */
export const podmanRootless = {
  kind: 'podman',
  rootless: true,
  privateFolders: [],
  volatile: ['run', 'podman.sock'],
  network: undefined,
  socket,

  async configure({ root, person }) {
    for (const folder of ['', 'data', 'run', 'tmp', 'log']) {
      mkdirSync(join(root, folder), { recursive: true, mode: folder === 'run' ? 0o700 : 0o755 });
      chownSync(join(root, folder), person.uid, person.gid);
    }
    writeFileSync(join(root, 'containers.conf'), containersConf(root, 'network_backend = "netavark"\n', KEYS_OF_ONE_USER));
    writeFileSync(join(root, 'storage.conf'), storageConf(root, join(root, 'run', 'containers')));
  },

  service({ root, person }) {
    const own = { ...podmanRootless.clientEnvironment({ root, person }), [MARKER]: root, TMPDIR: join(root, 'tmp') };
    return { argv: ['podman', 'system', 'service', '--time=0', `unix://${socket(root)}`], env: serviceEnvironment(own), user: person };
  },

  clientEnvironment: ({ root, person }) => ({
    HOME: person.home,
    USER: person.name,
    LOGNAME: person.name,
    XDG_RUNTIME_DIR: join(root, 'run'),
    ...configurationOf(root),
  }),
  program,
};

/** @param {string} root */
function configurationOf(root) {
  return { CONTAINERS_CONF: join(root, 'containers.conf'), CONTAINERS_STORAGE_CONF: join(root, 'storage.conf') };
}

/** The kernel lets one user have some 13 containers' key rings, and a lab runs more containers than that. */
const KEYS_OF_ONE_USER = 'keyring = false\n';

/** @param {string} root @param {string} network @param {string} [containers] */
function containersConf(root, network, containers = '') {
  const limits = canRaiseLimits() ? '' : 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n';
  const runtime = hasUnifiedCgroups() ? '' : 'runtime = "runc"\n';
  return `[containers]
${limits}${containers}
[engine]
${runtime}cgroup_manager = "cgroupfs"
events_logger = "file"
static_dir = "${join(root, 'data', 'libpod')}"
volume_path = "${join(root, 'data', 'volumes')}"
tmp_dir = "${join(root, 'run', 'libpod')}"
image_copy_tmp_dir = "${join(root, 'tmp')}"

[network]
${network}`;
}

/** @param {string} root @param {string} runRoot */
function storageConf(root, runRoot) {
  return `[storage]
driver = "overlay"
graphroot = "${join(root, 'data')}"
rootless_storage_path = "${join(root, 'data')}"
runroot = "${runRoot}"
`;
}
