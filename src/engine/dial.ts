import { connect } from 'node:net';
import type { Dial, Endpoint } from './endpoint.ts';
import type { Environment, Programs } from './programs.ts';

export async function dialler(endpoint: Endpoint, programs: Programs, env: Environment): Promise<Dial> {
  switch (endpoint.scheme) {
    case 'unix':
      return () => connect(endpoint.path);
    case 'tcp': {
      const { host, port } = endpoint;
      return env['DOCKER_TLS_VERIFY'] ? (await import('./tls.ts')).tlsDial(host, port, env) : () => connect({ host, port, noDelay: true });
    }
    case 'ssh':
      return (await import('./ssh.ts')).sshDial(endpoint, programs, env);
  }
}

/** The value of `Host`. */
export function hostOf(endpoint: Endpoint): string {
  if (endpoint.scheme !== 'tcp') return 'localhost';
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
