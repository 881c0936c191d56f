import { isIP } from 'node:net';
import type { ProjectPort } from './model.ts';

/** `3000`, `8080:3000`, `127.0.0.1:8080:3000`, `[::1]:8080:3000/udp`; `undefined`: not a port. */
export function parsePort(text: string): ProjectPort | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|((?:[0-9]+\.){3}[0-9]+)):)?(?:([0-9]{1,5}):)?([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, six, four, hostPort, containerPort, protocol] = match;
  const address = six ?? four ?? '127.0.0.1';
  const container = Number(containerPort);
  const host = hostPort === undefined ? container : Number(hostPort);
  if (isIP(address) === 0 || container < 1 || container > 65_535 || host > 65_535) return undefined;
  return { container, host, address, protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}
