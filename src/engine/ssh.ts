import type { Dial } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { Environment, Programs } from './programs.ts';

type SshEndpoint = Extract<Endpoint, { scheme: 'ssh' }>;

/** Connections through `ssh HOST docker|podman system dial-stdio`; each is one ssh process, kept for the next request. */
export function sshDial(endpoint: SshEndpoint, programs: Programs, env: Environment): Dial {
  return () => programs.openDuplex(sshArgv(endpoint), { env });
}

export function sshArgv(endpoint: SshEndpoint): readonly string[] {
  const target = endpoint.user === undefined ? endpoint.host : `${endpoint.user}@${endpoint.host}`;
  const port = endpoint.port === undefined ? [] : ['-p', String(endpoint.port)];
  // No password prompt can be answered here. BatchMode makes that an error instead of a wait without end.
  return ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', ...port, '--', target, remoteCommand(endpoint.path)];
}

function remoteCommand(path: string): string {
  const quoted = `'unix://${path.replaceAll("'", "'\\''")}'`;
  const docker = path === '' ? 'docker system dial-stdio' : `docker -H ${quoted} system dial-stdio`;
  const podman = path === '' ? 'podman system dial-stdio' : `podman --url ${quoted} system dial-stdio`;
  const podmanFirst = path.includes('podman');
  const [first, second] = podmanFirst ? [podman, docker] : [docker, podman];
  return `if command -v ${podmanFirst ? 'podman' : 'docker'} >/dev/null 2>&1; then exec ${first}; else exec ${second}; fi`;
}
