import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { abortError, connectionError, timeoutError } from './errors.ts';
import type { Environment, Programs } from './programs.ts';
import { SlipwayError } from '../errors.ts';

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** What is being asked, for error messages: `create container demo-cli-1`. */
  readonly action: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  readonly signal?: AbortSignal;
  /** Until the answer's head has come, or with `whole` its end. */
  readonly timeoutMs?: number;
  readonly whole?: boolean;
}

export interface Transport {
  readonly endpoint: string;
  send(request: TransportRequest): Promise<IncomingMessage>;
  /** Takes the connection over, for exec and attach; an answer that refuses comes back as it is. */
  upgrade(request: TransportRequest): Promise<IncomingMessage | { readonly socket: Duplex }>;
  close(): void;
}

interface Dialled {
  readonly agent: Agent;
  /** `servername` is the agent's own option, which the types do not have. */
  readonly options: RequestOptions & { readonly servername?: string };
  readonly request: typeof httpRequest;
}

/** HTTP to an engine over kept connections. Nothing is opened before the first request. */
export function openTransport(address: string, programs: Programs, env: Environment): Transport {
  const endpoint = parseEndpoint(address);
  let dialled: Promise<Dialled> | undefined;
  const begin = async (asked: TransportRequest): Promise<ClientRequest> => {
    dialled ??= dial(endpoint, programs, env).catch((cause: Error) => {
      // A certificate that cannot be read, say; the next call looks again.
      dialled = undefined;
      throw connectionError(address, cause);
    });
    const { agent, options, request } = await dialled;
    return request({ ...options, agent, method: asked.method, path: asked.path, headers: asked.headers ?? {} });
  };
  return {
    endpoint: address,
    async send(asked) {
      try {
        return (await exchange(address, asked, await begin(asked), false)) as IncomingMessage;
      } catch (error) {
        // The engine may close a kept connection just as it is used again. Asking again is safe where nothing changes, or where nothing was taken (EPIPE).
        if (!(error instanceof StaleConnection)) throw error;
        const question = asked.method === 'GET' || asked.method === 'HEAD';
        const again = question || (error.nothingTaken && (asked.body === undefined || typeof asked.body === 'string'));
        if (!again) throw connectionError(address, error.reason);
        return (await exchange(address, asked, await begin(asked), false)) as IncomingMessage;
      }
    },
    async upgrade(asked) {
      const headers = { ...asked.headers, Connection: 'Upgrade', Upgrade: 'tcp' };
      try {
        return await exchange(address, asked, await begin({ ...asked, headers }), true);
      } catch (error) {
        throw error instanceof StaleConnection ? connectionError(address, error.reason) : error;
      }
    },
    close() {
      void dialled?.then(({ agent }) => agent.destroy()).catch(() => {});
      dialled = undefined;
    },
  };
}

async function dial(endpoint: Endpoint, programs: Programs, env: Environment): Promise<Dialled> {
  switch (endpoint.scheme) {
    case 'unix':
      // A server name of its own: else the agent makes one, for TLS, with an expression that takes 2 ms to compile.
      return { agent: new Agent({ keepAlive: true }), options: { socketPath: endpoint.path, servername: '' }, request: httpRequest };
    case 'tcp': {
      const options = { host: endpoint.host, port: endpoint.port };
      if (!env['DOCKER_TLS_VERIFY']) return { agent: new Agent({ keepAlive: true }), options, request: httpRequest };
      const { tlsAgent } = await import('./tls.ts');
      const { request } = await import('node:https');
      return { agent: tlsAgent(env), options, request };
    }
    case 'ssh': {
      const { sshAgent } = await import('./ssh.ts');
      return { agent: sshAgent(endpoint, programs, env), options: { host: 'localhost' }, request: httpRequest };
    }
  }
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

function exchange(address: string, asked: TransportRequest, request: ClientRequest, upgrade: boolean): Promise<IncomingMessage | { readonly socket: Duplex }> {
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
    if (upgrade) {
      request.on('upgrade', (_, socket, head) => {
        clearTimeout(timer);
        if (head.length > 0) socket.unshift(head);
        const onLateAbort = () => socket.destroy(abortError(signal as AbortSignal, action));
        signal?.removeEventListener('abort', onAbort);
        signal?.addEventListener('abort', onLateAbort, { once: true });
        socket.once('close', () => signal?.removeEventListener('abort', onLateAbort));
        resolve({ socket });
      });
    }

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

/** For a service that ends for want of requests: starts it again. Nothing was sent then, so that asking twice is safe. */
export function reviving(transport: Transport, revive: () => Promise<void>): Transport {
  return {
    ...transport,
    async send(request) {
      try {
        return await transport.send(request);
      } catch (error) {
        if (!neverConnected(error) || (request.body !== undefined && typeof request.body !== 'string')) throw error;
        await revive();
        return transport.send(request);
      }
    },
  };
}

function neverConnected(error: unknown): boolean {
  const cause = error instanceof SlipwayError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED');
}
