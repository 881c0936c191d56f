import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './programs.ts';

/** Docker's own convention: `ca.pem`, `cert.pem` and `key.pem` in DOCKER_CERT_PATH, default `~/.docker`. */
export function tlsAgent(env: Environment): Agent {
  const directory = env['DOCKER_CERT_PATH'] || join(env['HOME'] ?? homedir(), '.docker');
  const read = (file: string) => readFileSync(join(directory, file));
  return new Agent({ keepAlive: true, ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') });
}
