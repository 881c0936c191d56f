import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import { connectionError } from './errors.ts';

/** A connection that breaks mid-answer shows as E_ENGINE_UNREACHABLE, as one that was never made. */
export function brokenStream(endpoint: string, cause: unknown): SlipwayError {
  if (cause instanceof SlipwayError) return cause;
  return connectionError(endpoint, cause instanceof Error ? cause : new Error(String(cause)));
}

/** By events: the machinery of an async iterator takes 2 ms of every command's start. */
export function readText(endpoint: string, response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', (cause) => reject(brokenStream(endpoint, cause)));
    // Without an end before: cut off.
    response.on('close', () => reject(brokenStream(endpoint, new Error('the connection was closed in the middle of an answer'))));
  });
}

/** The consumer's pace is the engine's pace; leaving the loop closes the connection. */
export async function* readChunks(endpoint: string, source: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch (cause) {
    throw brokenStream(endpoint, cause);
  }
}

/** For streams that are handed out: the same bytes, our errors. */
export function handOut(endpoint: string, response: IncomingMessage): Readable {
  const out = new PassThrough();
  response.on('error', (cause) => out.destroy(brokenStream(endpoint, cause)));
  out.on('close', () => response.destroy());
  return response.pipe(out);
}

/** One JSON value a line, as progress and events come. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end).toString('utf8').trim();
      rest = rest.subarray(end + 1);
      if (line !== '') yield JSON.parse(line);
    }
  }
  const last = rest.toString('utf8').trim();
  if (last !== '') yield JSON.parse(last);
}
