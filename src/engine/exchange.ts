import type { Duplex } from 'node:stream';
import { AnswerParser } from './answer-parser.ts';
import type { Dial } from './endpoint.ts';
import { abortError, connectionError, timeoutError } from './errors.ts';
import type { Answer, Question } from './question.ts';

/** Sends requests and has their answers whole. */
export interface Exchanges {
  ask(question: Question): Promise<Answer>;
  /** Takes the connection over; an answer that refuses comes back as it is. */
  upgrade(question: Question): Promise<Answer | { readonly socket: Duplex }>;
  close(): void;
}

/** A connection on which nothing is under way. */
interface Kept {
  readonly socket: Duplex;
  release(): void;
}

/**
 * HTTP/1.1 on plain sockets. node:http does as much and a good deal more, which takes 10 ms of each command's start
 * (docs/decisions/036): what streams goes by it, see http-stream.ts.
 */
export function openExchanges(address: string, dial: () => Promise<Dial>, host: string): Exchanges {
  const kept: Kept[] = [];

  const keep = (socket: Duplex) => {
    const release = () => {
      kept.splice(kept.indexOf(one), 1);
      socket.off('data', drop).off('end', drop).off('error', drop).off('close', drop);
      waiting(socket, true);
    };
    // An engine that closes it, or that speaks unasked.
    const drop = () => {
      release();
      discard(socket);
    };
    const one: Kept = { socket, release };
    socket.on('data', drop).on('end', drop).on('error', drop).on('close', drop);
    waiting(socket, false);
    kept.push(one);
  };
  const converse = (question: Question, socket: Duplex, upgrade: boolean) =>
    new Promise<Answer | { readonly socket: Duplex }>((resolve, reject) => {
      const { signal, timeoutMs, action } = question;
      const answer = new AnswerParser(question.method);
      let broken: Error | undefined;
      let timer: NodeJS.Timeout | undefined;
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      };
      const fail = (error: Error) => {
        leave();
        discard(socket);
        reject(error);
      };
      const succeed = () => {
        leave();
        if (answer.status === 101) {
          if (!upgrade) return fail(connectionError(address, new Error('its answer changes the protocol unasked')));
          socket.pause();
          if (answer.rest.length > 0) socket.unshift(answer.rest);
          abortLater(socket, signal, action);
          return resolve({ socket });
        }
        if (answer.keepsAlive && answer.rest.length === 0) keep(socket);
        else discard(socket);
        resolve({ status: answer.status, headers: answer.headers, text: answer.text });
      };
      const onData = (bytes: Buffer) => {
        try {
          answer.push(bytes);
        } catch (cause) {
          return fail(connectionError(address, cause as Error));
        }
        if (answer.complete) succeed();
      };
      const onEnd = () => {
        answer.end();
        if (answer.complete) succeed();
        else onClose();
      };
      const onError = (cause: Error) => {
        broken = cause;
      };
      const onClose = () => fail(answer.begun ? connectionError(address, broken ?? cutOff()) : new ClosedUnanswered(broken ?? hungUp()));
      const onAbort = () => fail(abortError(signal as AbortSignal, action));

      socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      if (timeoutMs !== undefined) timer = setTimeout(() => fail(timeoutError(address, action, timeoutMs)), timeoutMs);
      socket.write(requestText(question, host, upgrade));
    });
  const begin = async (question: Question, upgrade: boolean) => {
    const reused = kept.at(-1);
    if (reused !== undefined) {
      reused.release();
      try {
        return await converse(question, reused.socket, upgrade);
      } catch (error) {
        // The engine may close a kept connection just as it is used again. Asking again is safe where nothing changes, or where nothing was taken (EPIPE).
        if (!(error instanceof ClosedUnanswered)) throw error;
        const again = question.method === 'GET' || question.method === 'HEAD' || error.nothingTaken;
        if (!again) throw connectionError(address, error.reason);
      }
    }
    try {
      return await converse(question, (await dial())(), upgrade);
    } catch (error) {
      throw error instanceof ClosedUnanswered ? connectionError(address, error.reason) : error;
    }
  };
  return {
    ask: (question) => begin(question, false) as Promise<Answer>,
    upgrade: (question) => begin(question, true),
    close() {
      for (const { socket, release } of [...kept]) {
        release();
        discard(socket);
      }
    },
  };
}

class ClosedUnanswered extends Error {
  readonly reason: Error;
  readonly nothingTaken: boolean;

  constructor(reason: Error & { readonly code?: unknown }) {
    super(reason.message);
    this.reason = reason;
    this.nothingTaken = reason.code === 'EPIPE';
  }
}

const cutOff = () => new Error('the connection was closed in the middle of an answer');
const hungUp = () => Object.assign(new Error('the connection was closed without an answer'), { code: 'ECONNRESET' });

function requestText({ method, path, headers = {}, body }: Question, host: string, upgrade: boolean): string {
  // A line break in here would begin a request of its own.
  if (/[^\x21-\x7e]/.test(path)) throw new Error(`not a path of a URL: ${path}`);
  const length = body === undefined ? (method === 'POST' || method === 'PUT' ? 'Content-Length: 0\r\n' : '') : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const others = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const changes = upgrade ? 'Connection: Upgrade\r\nUpgrade: tcp\r\n' : '';
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${others.join('')}${length}${changes}\r\n${body ?? ''}`;
}

/** What a dying socket still has to say concerns nobody. */
function discard(socket: Duplex): void {
  socket.on('error', () => {}).destroy();
}

/** A kept connection does not hold the process up. A pipe of ssh knows it too. */
function waiting(socket: Duplex & { ref?: () => void; unref?: () => void }, on: boolean): void {
  if (on) socket.ref?.();
  else socket.unref?.();
}

function abortLater(socket: Duplex, signal: AbortSignal | undefined, action: string): void {
  if (signal === undefined) return;
  const onAbort = () => socket.destroy(abortError(signal, action));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
}
