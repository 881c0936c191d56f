import { connect } from 'node:net';
import type { Verdict } from './verdict.ts';

export interface TcpQuestion {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Whether the port accepts. */
export function askTcp({ host, port, timeoutMs, signal }: TcpQuestion): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    // By hand: `connect` leaves its listener on a signal that outlives the socket.
    const cancel = () => socket.destroy(new Error('cancelled'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('close', () => signal.removeEventListener('abort', cancel));
    const end = (verdict: Verdict) => {
      socket.destroy();
      resolve(verdict);
    };
    socket.setTimeout(timeoutMs, () => end({ well: false, why: `port ${port} did not accept within ${timeoutMs / 1000} s` }));
    socket.on('connect', () => end({ well: true }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason as Error);
      else end({ well: false, why: `port ${port} does not accept (${error.code ?? error.message})` });
    });
  });
}
