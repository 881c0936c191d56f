import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { type Dialect, type DialectMemory, isSameDialect, readDialect, versionedPath } from './dialect.ts';
import { readRefusal, type Refusal, refusalError } from './errors.ts';
import type { CallOptions, EngineKind } from './model.ts';
import { readText } from './stream.ts';
import type { Answer, Question, StreamRequest } from './question.ts';
import type { Transport } from './transport.ts';

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

type Method = Question['method'];

/** Without the version in front. Where engines differ, told by the kind that answers. */
export type ApiPath = string | ((kind: EngineKind) => string);

/** One engine's API: the version negotiated once, refusals turned into errors. */
export interface Api {
  readonly endpoint: string;
  dialect(options?: CallOptions): Promise<Dialect>;
  /** Milliseconds of `/_ping`. */
  ping(options?: CallOptions): Promise<number>;
  call(method: Method, path: ApiPath, request: ApiRequest): Promise<Pick<Answer, 'status' | 'text'>>;
  /** The parsed body, or `undefined` for an accepted 404. The caller says what it is: this is the parsed boundary. */
  json<T>(method: Method, path: ApiPath, request: ApiRequest): Promise<T>;
  find<T>(path: ApiPath, request: ApiRequest): Promise<T | undefined>;
  stream(method: Method, path: string, request: ApiRequest): Promise<IncomingMessage>;
  hijack(path: string, request: ApiRequest): Promise<Duplex>;
  close(): void;
}

const defaultTimeoutMs = 60_000;

export function openApi(transport: Transport, memory?: DialectMemory): Api {
  const { endpoint } = transport;
  const remembered = memory?.read(endpoint);
  let negotiated: Promise<Dialect> | undefined;

  const ping = async (options: CallOptions = {}): Promise<Dialect> => {
    const action = 'answer a ping';
    const { status, headers, text } = await transport.ask({ method: 'GET', path: '/_ping', action, timeoutMs: defaultTimeoutMs, ...options });
    if (status !== 200) throw refusalError(action, readRefusal(status, text));
    const spoken = readDialect(headers);
    if (remembered === undefined || !isSameDialect(spoken, remembered)) memory?.write(endpoint, spoken);
    return spoken;
  };
  const dialect = (options: CallOptions = {}): Promise<Dialect> => {
    negotiated ??= ping(options).catch((error: unknown) => {
      // A failure is not kept: the engine may be there the next time.
      negotiated = undefined;
      throw error;
    });
    return negotiated;
  };
  const prepare = async (method: Method, path: ApiPath, request: ApiRequest): Promise<Question> =>
    written(method, path, request, await dialect(request.signal === undefined ? {} : { signal: request.signal }));
  const written = (method: Method, path: ApiPath, request: ApiRequest, spoken: Dialect): Question => {
    const { json, tar, signal, patient } = request;
    const timeoutMs = request.timeoutMs ?? (patient ? undefined : defaultTimeoutMs);
    const type = tar === undefined ? 'application/json' : 'application/x-tar';
    return {
      method,
      action: request.action,
      path: versionedPath(spoken, typeof path === 'string' ? path : path(spoken.kind)) + queryString(request.query),
      headers: json === undefined && tar === undefined ? {} : { 'Content-Type': type },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  };
  const refuse = ({ status, text }: Pick<Answer, 'status' | 'text'>, request: ApiRequest): never => {
    const refusal = readRefusal(status, text);
    throw request.refused?.(refusal) ?? refusalError(request.action, refusal);
  };
  const whole = async (response: IncomingMessage) => ({ status: response.statusCode ?? 0, text: await readText(transport.endpoint, response) });
  const accepted = (status: number, request: ApiRequest): boolean => status < 300 || (request.accept?.includes(status) ?? false);

  /** A question needs no ping before it where its answer shows that the engine is the one that was remembered. Else it counts for nothing. */
  const askByMemory = async (path: ApiPath, request: ApiRequest): Promise<Answer | undefined> => {
    if (remembered === undefined) return undefined;
    const answer = await transport.ask(written('GET', path, request, remembered));
    if (!isSameDialect(readDialect(answer.headers), remembered)) return undefined;
    negotiated ??= Promise.resolve(remembered);
    return answer;
  };

  const call: Api['call'] = async (method, path, request) => {
    const guessed = negotiated === undefined && method === 'GET' ? await askByMemory(path, request) : undefined;
    if (guessed !== undefined) return accepted(guessed.status, request) ? guessed : refuse(guessed, request);
    const question = await prepare(method, path, request);
    const answer =
      request.tar === undefined ? await transport.ask(question) : await whole(await transport.send({ ...question, body: request.tar, whole: true }));
    return accepted(answer.status, request) ? answer : refuse(answer, request);
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
    async json<T>(method: Method, path: ApiPath, request: ApiRequest) {
      return JSON.parse((await call(method, path, request)).text) as T;
    },
    async find<T>(path: ApiPath, request: ApiRequest) {
      const { status, text } = await call('GET', path, { ...request, accept: [404] });
      return status === 404 ? undefined : (JSON.parse(text) as T);
    },
    async stream(method, path, request) {
      const { tar } = request;
      const question: StreamRequest = await prepare(method, path, request);
      const response = await transport.send(tar === undefined ? question : { ...question, body: tar });
      return accepted(response.statusCode ?? 0, request) ? response : refuse(await whole(response), request);
    },
    async hijack(path, request) {
      const answer = await transport.upgrade(await prepare('POST', path, request));
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
