import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { dialler, hostOf } from './dial.ts';
import { type Dial, parseEndpoint } from './endpoint.ts';
import { connectionError } from './errors.ts';
import { openExchanges } from './exchange.ts';
import type { HttpStreams } from './http-stream.ts';
import type { Environment, Programs } from './programs.ts';
import type { Answer, Question, StreamRequest } from './question.ts';
import { SlipwayError } from '../errors.ts';

export interface Transport {
  readonly endpoint: string;
  ask(question: Question): Promise<Answer>;
  send(request: StreamRequest): Promise<IncomingMessage>;
  /** Takes the connection over, for exec and attach; an answer that refuses comes back as it is. */
  upgrade(question: Question): Promise<Answer | { readonly socket: Duplex }>;
  close(): void;
}

/** HTTP to an engine over kept connections. Nothing is opened before the first request. */
export function openTransport(address: string, programs: Programs, env: Environment): Transport {
  const endpoint = parseEndpoint(address);
  const host = hostOf(endpoint);
  let dialled: Promise<Dial> | undefined;
  const dial = () => {
    dialled ??= dialler(endpoint, programs, env).catch((cause: Error) => {
      // A certificate that cannot be read, say; the next call looks again.
      dialled = undefined;
      throw connectionError(address, cause);
    });
    return dialled;
  };
  const exchanges = openExchanges(address, dial, host);
  let streams: HttpStreams | undefined;
  return {
    endpoint: address,
    ask: exchanges.ask,
    upgrade: exchanges.upgrade,
    async send(request) {
      const { openHttpStreams } = await import('./http-stream.ts');
      streams ??= openHttpStreams(address, await dial(), host);
      return streams.send(request);
    },
    close() {
      exchanges.close();
      streams?.close();
      streams = undefined;
    },
  };
}

/** For a service that ends for want of requests: starts it again. Nothing was sent then, so that asking twice is safe. */
export function reviving(transport: Transport, revive: () => Promise<void>): Transport {
  const again = async <T>(attempt: () => Promise<T>, repeatable: boolean): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (!neverConnected(error) || !repeatable) throw error;
      await revive();
      return attempt();
    }
  };
  return {
    ...transport,
    ask: (question) => again(() => transport.ask(question), true),
    send: (request) => again(() => transport.send(request), request.body === undefined || typeof request.body === 'string'),
  };
}

function neverConnected(error: unknown): boolean {
  const cause = error instanceof SlipwayError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED');
}
