import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dial } from './endpoint.ts';
import { abortError, connectionError, timeoutError } from './errors.ts';
import { SlipwayError } from '../errors.ts';
import type { StreamRequest } from './question.ts';

/** Requests and answers that are streams, by node:http: loaded when there is one. */
export interface HttpStreams {
  send(request: StreamRequest): Promise<IncomingMessage>;
  close(): void;
}

export function openHttpStreams(address: string, dial: Dial, host: string): HttpStreams {
  class DialAgent extends Agent {
    override createConnection(): Duplex {
      return asSocket(dial());
    }
  }
  const agent = new DialAgent({ keepAlive: true });
  // A server name of its own: else the agent makes one, for TLS, with an expression that takes 2 ms to compile.
  const options = { agent, servername: '' };
  const begin = ({ method, path, headers }: StreamRequest) => httpRequest({ ...options, method, path, headers: { ...headers, Host: host } });
  return {
    async send(asked) {
      try {
        return await exchange(address, asked, begin(asked));
      } catch (error) {
        // The engine may close a kept connection just as it is used again. Asking again is safe where nothing changes, or where nothing was taken (EPIPE).
        if (!(error instanceof StaleConnection)) throw error;
        const question = asked.method === 'GET' || asked.method === 'HEAD';
        const again = question || (error.nothingTaken && (asked.body === undefined || typeof asked.body === 'string'));
        if (!again) throw connectionError(address, error.reason);
        return exchange(address, asked, begin(asked));
      }
    },
    close: () => agent.destroy(),
  };
}

class StaleConnection extends Error {
  readonly reason: Error;
  readonly nothingTaken: boolean;

  constructor(reason: Error & { readonly code: unknown }) {
    super(reason.message);
    this.reason = reason;
    this.nothingTaken = reason.code === 'EPIPE';
  }
}

function exchange(address: string, asked: StreamRequest, request: ClientRequest): Promise<IncomingMessage> {
  const { signal, timeoutMs, body, action } = asked;
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    let timer: NodeJS.Timeout | undefined;
    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: SlipwayError) => {
      release();
      reject(error);
      response?.destroy(error);
      request.destroy();
    };
    const onAbort = () => fail(abortError(signal as AbortSignal, action));

    request.on('error', (cause) => {
      // An engine that refuses early stops reading our body: its answer counts, not the broken pipe.
      if (response !== undefined) return;
      release();
      if (cause instanceof SlipwayError) reject(cause);
      else if (request.reusedSocket && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE')) reject(new StaleConnection(cause));
      else reject(connectionError(address, cause));
    });
    request.on('response', (incoming) => {
      response = incoming;
      if (!asked.whole) clearTimeout(timer);
      incoming.once('close', release);
      resolve(incoming);
    });

    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs !== undefined) timer = setTimeout(() => fail(timeoutError(address, action, timeoutMs)), timeoutMs);
    if (body === undefined || typeof body === 'string') request.end(body);
    else {
      body.once('error', (cause) => fail(new SlipwayError('E_STREAM', `Cannot ${action}: the data to send broke off: ${cause.message}`, { cause })));
      request.once('close', () => body.destroy());
      body.pipe(request);
    }
  });
}

/** Node's HTTP agent calls these on every connection that it keeps. A pipe of ssh has none. */
function asSocket(stream: Duplex): Duplex {
  const chain = () => stream;
  return 'setKeepAlive' in stream ? stream : Object.assign(stream, { setKeepAlive: chain, setNoDelay: chain, setTimeout: chain });
}
