import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Dial } from './endpoint.ts';
import type { Environment } from './programs.ts';

/** Docker's own convention: `ca.pem`, `cert.pem` and `key.pem` in DOCKER_CERT_PATH, default `~/.docker`. */
export function tlsDial(host: string, port: number, env: Environment): Dial {
  const directory = env['DOCKER_CERT_PATH'] || join(env['HOME'] ?? homedir(), '.docker');
  const read = (file: string) => readFileSync(join(directory, file));
  const options = { host, port, ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
  return () => connect({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}) });
}
