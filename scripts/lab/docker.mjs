import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { insideMounts } from './mounts.mjs';
import { networksOf, openDockerNetwork } from './network.mjs';
import { MARKER } from './processes.mjs';
import { onPath, serviceEnvironment } from './machine.mjs';
import { writeJson } from './state.mjs';

/** @typedef {import('./engines.mjs').EngineKind} EngineKind */

/**
 * Docker, as root. It starts a containerd of its own, because no other is to be seen where it runs.
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
    for (const folder of ['data', 'exec', 'tmp', 'log']) mkdirSync(join(root, folder), { recursive: true });
    // The client writes there (contexts, build history), whoever runs it; the person's ~/.docker stays as it is.
    mkdirSync(join(root, 'client'), { recursive: true });
    chmodSync(join(root, 'client'), 0o1777);
    const { docker: own } = networksOf(number);
    writeJson(join(root, 'daemon.json'), {
      'data-root': join(root, 'data'),
      'exec-root': join(root, 'exec'),
      pidfile: join(root, 'docker.pid'),
      hosts: [`unix://${docker.socket(root)}`],
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      bridge: own.bridge,
      'default-address-pools': [{ base: own.pool, size: 24 }],
      iptables: false,
      'ip-masq': false,
      'log-level': 'warn',
    });
    await openDockerNetwork(number);
  },

  service({ root, holder }) {
    return {
      argv: insideMounts(holder, ['dockerd', '--config-file', join(root, 'daemon.json')]),
      env: serviceEnvironment({ [MARKER]: root, HOME: join(root, 'tmp'), DOCKER_TMPDIR: join(root, 'tmp'), TMPDIR: join(root, 'tmp') }),
    };
  },

  clientEnvironment: ({ root }) => ({ DOCKER_CONFIG: join(root, 'client') }),
  program: (endpoint) => [onPath('docker') ? 'docker' : '/usr/bin/docker', '-H', endpoint],
};
