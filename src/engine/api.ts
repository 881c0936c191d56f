import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { type Dialect, readDialect, versionedPath } from './dialect.ts';
import { readRefusal, type Refusal, refusalError } from './errors.ts';
import type { CallOptions } from './model.ts';
import { readText } from './stream.ts';
import type { Transport, TransportRequest } from './transport.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ApiRequest extends CallOptions {
  /** With `the engine cannot …` in mind: `create container demo-cli-1`. */
  readonly action: string;
  readonly query?: Query;
  readonly json?: unknown;
  readonly tar?: Readable;
  /** No time limit but the caller's own. */
  readonly patient?: boolean;
  /** Statuses from 300 on that are an answer and not an error. */
  readonly accept?: readonly number[];
  /** Gives an error its meaning where a call knows better than the table in errors.ts. */
  readonly refused?: (refusal: Refusal) => Error | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One engine's API: the version negotiated once, refusals turned into errors. */
export interface Api {
  readonly endpoint: string;
  dialect(options?: CallOptions): Promise<Dialect>;
  /** Milliseconds of `/_ping`. */
  ping(options?: CallOptions): Promise<number>;
  call(method: TransportRequest['method'], path: string, request: ApiRequest): Promise<Answer>;
  /** The parsed body, or `undefined` for an accepted 404. The caller says what it is: this is the parsed boundary. */
  json<T>(method: TransportRequest['method'], path: string, request: ApiRequest): Promise<T>;
  find<T>(path: string, request: ApiRequest): Promise<T | undefined>;
  stream(method: TransportRequest['method'], path: string, request: ApiRequest): Promise<IncomingMessage>;
  hijack(path: string, request: ApiRequest): Promise<Duplex>;
  close(): void;
}

const defaultTimeoutMs = 60_000;

export function openApi(transport: Transport): Api {
  let negotiated: Promise<Dialect> | undefined;

  const ping = async (options: CallOptions = {}): Promise<Dialect> => {
    const action = 'answer a ping';
    const asked: TransportRequest = { method: 'GET', path: '/_ping', action, whole: true, timeoutMs: defaultTimeoutMs, ...options };
    const response = await transport.send(asked);
    const text = await readText(transport.endpoint, response);
    if (response.statusCode !== 200) throw refusalError(action, readRefusal(response.statusCode ?? 0, text));
    return readDialect(response.headers);
  };
  const dialect = (options: CallOptions = {}): Promise<Dialect> => {
    negotiated ??= ping(options).catch((error: unknown) => {
      // A failure is not kept: the engine may be there the next time.
      negotiated = undefined;
      throw error;
    });
    return negotiated;
  };
  const prepare = async (method: TransportRequest['method'], path: string, request: ApiRequest, whole: boolean): Promise<TransportRequest> => {
    const { json, tar, signal, patient } = request;
    const spoken = await dialect(request.signal === undefined ? {} : { signal: request.signal });
    const timeoutMs = request.timeoutMs ?? (patient ? undefined : defaultTimeoutMs);
    const body = json === undefined ? tar : JSON.stringify(json);
    const type = tar === undefined ? 'application/json' : 'application/x-tar';
    return {
      method,
      action: request.action,
      path: versionedPath(spoken, path) + queryString(request.query),
      whole,
      headers: body === undefined ? {} : { 'Content-Type': type, ...(typeof body === 'string' ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}) },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  };
  const refuse = async (response: IncomingMessage, request: ApiRequest): Promise<never> => {
    const refusal = readRefusal(response.statusCode ?? 0, await readText(transport.endpoint, response));
    throw request.refused?.(refusal) ?? refusalError(request.action, refusal);
  };
  const accepted = (response: IncomingMessage, request: ApiRequest): boolean =>
    (response.statusCode ?? 0) < 300 || (request.accept?.includes(response.statusCode ?? 0) ?? false);

  const call: Api['call'] = async (method, path, request) => {
    const response = await transport.send(await prepare(method, path, request, true));
    if (!accepted(response, request)) return refuse(response, request);
    return { status: response.statusCode ?? 0, text: await readText(transport.endpoint, response) };
  };

  return {
    endpoint: transport.endpoint,
    dialect,
    async ping(options) {
      const started = performance.now();
      const answer = ping(options);
      negotiated ??= answer;
      answer.catch(() => {
        if (negotiated === answer) negotiated = undefined;
      });
      await answer;
      return performance.now() - started;
    },
    call,
    async json<T>(method: TransportRequest['method'], path: string, request: ApiRequest) {
      return JSON.parse((await call(method, path, request)).text) as T;
    },
    async find<T>(path: string, request: ApiRequest) {
      const { status, text } = await call('GET', path, { ...request, accept: [404] });
      return status === 404 ? undefined : (JSON.parse(text) as T);
    },
    async stream(method, path, request) {
      const response = await transport.send(await prepare(method, path, request, false));
      return accepted(response, request) ? response : refuse(response, request);
    },
    async hijack(path, request) {
      const answer = await transport.upgrade(await prepare('POST', path, request, false));
      return 'socket' in answer ? answer.socket : refuse(answer, request);
    },
    close: () => transport.close(),
  };
}

function queryString(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(key, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Docker's filters: `{"label":["a=b"]}`. */
export function filters(by: Readonly<Record<string, readonly string[] | undefined>>): string | undefined {
  const set = Object.entries(by).filter(([, values]) => values !== undefined && values.length > 0);
  return set.length === 0 ? undefined : JSON.stringify(Object.fromEntries(set));
}

export function labelFilters(labels: Readonly<Record<string, string>> | undefined): readonly string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
}
