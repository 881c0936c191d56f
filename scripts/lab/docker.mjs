import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { insideMounts } from './mounts.mjs';
import { networksOf, openDockerNetwork } from './network.mjs';
import { MARKER } from './processes.mjs';
import { onPath, serviceEnvironment } from './machine.mjs';
import { writeJson } from './state.mjs';

/** @typedef {import('./engines.mjs').EngineKind} EngineKind */

/** Below a folder that is private to the engine, and in memory. */
const CONTAINERD = '/run/containerd/containerd.sock';

/**
 * Docker, as root, with a containerd of its own beside it, as the distribution's services are: killing one leaves the other.
 * @type {EngineKind}
 */
export const docker = {
  kind: 'docker',
  rootless: false,
  privateFolders: ['/run/containerd', '/run/docker', '/run/runc'],
  volatile: ['exec', 'docker.pid', 'docker.sock'],
  network: 'docker',
  socket: (root) => join(root, 'docker.sock'),

  async configure({ root, number }) {
    for (const folder of ['data', 'exec', 'tmp', 'log', 'containerd']) mkdirSync(join(root, folder), { recursive: true });
    // The client writes there (contexts, build history), whoever runs it; the person's ~/.docker stays as it is.
    mkdirSync(join(root, 'client'), { recursive: true });
    chmodSync(join(root, 'client'), 0o1777);
    const { docker: own } = networksOf(number);
    writeJson(join(root, 'daemon.json'), {
      'data-root': join(root, 'data'),
      'exec-root': join(root, 'exec'),
      pidfile: join(root, 'docker.pid'),
      containerd: CONTAINERD,
      'deprecated-key-path': join(root, 'key.json'),
      hosts: [`unix://${docker.socket(root)}`],
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      bridge: own.bridge,
      'default-address-pools': [{ base: own.pool, size: 24 }],
      iptables: false,
      'ip-masq': false,
      'log-level': 'warn',
    });
    writeFileSync(join(root, 'containerd.toml'), containerdToml(join(root, 'containerd')));
    await openDockerNetwork(number);
  },

  helper: ({ root, holder }) => ({ argv: insideMounts(holder, ['containerd', '--config', join(root, 'containerd.toml')]), env: environment(root) }),
  service: ({ root, holder }) => ({ argv: insideMounts(holder, ['dockerd', '--config-file', join(root, 'daemon.json')]), env: environment(root) }),

  clientEnvironment: ({ root }) => ({ DOCKER_CONFIG: join(root, 'client') }),
  program: (endpoint) => [onPath('docker') ? 'docker' : '/usr/bin/docker', '-H', endpoint],
};

/** @param {string} root */
function environment(root) {
  return serviceEnvironment({ [MARKER]: root, HOME: join(root, 'tmp'), DOCKER_TMPDIR: join(root, 'tmp'), TMPDIR: join(root, 'tmp') });
}

/** @param {string} folder */
function containerdToml(folder) {
  return `version = 2
root = "${folder}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = "${CONTAINERD}"

[debug]
level = "warn"

[plugins."io.containerd.internal.v1.opt"]
path = "${join(folder, 'opt')}"
`;
}
