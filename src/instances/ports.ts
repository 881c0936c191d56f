import { createServer } from 'node:net';
import type { Engine } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import { errorCode } from '../state/atomic.ts';
import type { Paths } from '../state/paths.ts';
import { readInstances } from './store.ts';

const first = 8081;
const last = 65_535;

/** Ports that other instances hold, whether they run or not. */
export async function instancePorts(paths: Paths, except?: string): Promise<ReadonlySet<number>> {
  const entries = await readInstances(paths);
  return new Set(entries.flatMap((entry) => ('config' in entry && entry.name !== except ? [entry.config.port] : [])));
}

/** Ports that containers of an engine publish: not each of them is bound on this side. */
export async function publishedPorts(engine: Engine, signal: AbortSignal): Promise<ReadonlySet<number>> {
  const running = await engine.containers.list({ all: false, signal });
  return new Set(running.flatMap(({ ports }) => ports.filter(({ protocol }) => protocol === 'tcp').map(({ host }) => host)));
}

/** The first free port from 8081 up, but for those that are held. */
export async function freePort(address: string, held: ReadonlySet<number>, from = first): Promise<number> {
  for (let port = from; port <= last; port++) if (!held.has(port) && !(await isBound(address, port))) return port;
  throw new SlipwayError('E_PORT_TAKEN', `Every port from ${from} up is in use.`, { hint: 'Stop what you need no more, or name a lower one with --port.' });
}

/** Throws E_PORT_TAKEN, which names a free one. */
export async function checkPort(address: string, port: number, held: ReadonlySet<number>): Promise<void> {
  if (!held.has(port) && !(await isBound(address, port))) return;
  throw await portTaken(address, port, held);
}

export async function portTaken(address: string, port: number, held: ReadonlySet<number>): Promise<SlipwayError> {
  const free = await freePort(address, new Set([...held, port]), Math.max(first, port < last ? port + 1 : first)).catch(() => undefined);
  return new SlipwayError('E_PORT_TAKEN', `Port ${port} is already in use.`, {
    hint:
      free === undefined
        ? 'Stop what listens there, or choose another port with --port.'
        : `Port ${free} is free: add --port ${free}, or stop what listens on ${port}.`,
  });
}

/** Tried, not asked: what listens may be another user's or in another namespace. An address that this machine does not have is E_BAD_SETTING. */
export function isBound(address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => {
      const code = errorCode(cause);
      if (code === 'EADDRINUSE') resolve(true);
      // A port below 1024 that this person may not bind: the engine may.
      else if (code === 'EACCES') resolve(false);
      else if (code === 'EADDRNOTAVAIL')
        reject(
          new SlipwayError('E_BAD_SETTING', `This machine has no address ${address}.`, {
            cause,
            hint: 'Use 127.0.0.1, 0.0.0.0, or an address of this machine.',
          }),
        );
      else reject(new SlipwayError('E_BAD_SETTING', `Port ${port} of ${address} cannot be used: ${cause.message}`, { cause, hint: 'Choose another one.' }));
    });
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
