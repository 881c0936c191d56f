import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Programs } from './programs.ts';
import type { Question } from './question.ts';
import { openTransport, type Transport } from './transport.ts';

const needless = () => {
  throw new Error('a socket needs no program');
};
const noPrograms: Programs = { run: needless, openDuplex: needless, startDetached: needless };

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** What is done with the n-th connection's m-th request, both from 1. */
type Script = (socket: Socket, request: string, connection: number, count: number) => void;

async function serve(script: Script): Promise<Transport & { readonly requests: readonly string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-exchange-'));
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    let count = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      requests.push(bytes.toString());
      count += 1;
      script(socket, bytes.toString(), connection, count);
    });
  });
  await once(server.listen(join(directory, 's')), 'listening');
  const transport = openTransport(`unix://${join(directory, 's')}`, noPrograms, {});
  open.push(() => {
    transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return Object.assign(transport, { requests });
}

const ok = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const get: Question = { method: 'GET', path: '/a', action: 'ask' };
const post: Question = { method: 'POST', path: '/a', action: 'ask', body: '{"name":"Zoë"}', headers: { 'Content-Type': 'application/json' } };

describe('over a plain socket', () => {
  it('a request says what HTTP wants to know', async () => {
    const transport = await serve((socket) => socket.write(ok('x')));
    await transport.ask(get);
    await transport.ask(post);
    await transport.ask({ method: 'POST', path: '/b', action: 'ask' });
    expect(transport.requests).toEqual([
      'GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"name":"Zoë"}',
      'POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n',
    ]);
  });

  it.each(['/a b', '/a\r\nX: y', '/ä'])('a path that would be more than a path is never sent: %j', async (path) => {
    const transport = await serve((socket) => socket.write(ok('x')));
    await expect(transport.ask({ ...get, path })).rejects.toThrow(/not a path/);
    expect(transport.requests).toEqual([]);
  });

  it('an answer of megabytes comes whole', async () => {
    const text = JSON.stringify(Array.from({ length: 50_000 }, (_, id) => ({ id, name: `container ${id} ⚓` })));
    const transport = await serve((socket) => socket.write(ok(text)));
    expect((await transport.ask(get)).text).toBe(text);
  });

  it('an answer without a length ends with the connection, and the next request takes a new one', async () => {
    const transport = await serve((socket, _, connection) => socket.end(`HTTP/1.1 200 OK\r\n\r\nof ${connection}`));
    expect([(await transport.ask(get)).text, (await transport.ask(post)).text]).toEqual(['of 1', 'of 2']);
  });

  it('requests at once take a connection each, and those are kept', async () => {
    const used = new Set<number>();
    const transport = await serve((socket, _, connection) => {
      used.add(connection);
      setTimeout(() => socket.write(ok('x')), 5);
    });
    for (let round = 0; round < 3; round++) await Promise.all([transport.ask(get), transport.ask(get), transport.ask(get)]);
    expect(used).toEqual(new Set([1, 2, 3]));
  });
});

describe('a kept connection that the engine closes as it is used again', () => {
  const closing: Script = (socket, _, connection, count) => {
    if (connection === 1 && count === 2) socket.destroy();
    else socket.write(ok(`of ${connection}`));
  };

  it('is replaced for a question', async () => {
    const transport = await serve(closing);
    await transport.ask(get);
    expect((await transport.ask(get)).text).toBe('of 2');
  });

  it('is an error for what changes something, since it may have been done', async () => {
    const transport = await serve(closing);
    await transport.ask(get);
    await expect(transport.ask(post)).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE' });
    expect(transport.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
  });

  it('is replaced once: a new one that is closed too is an error', async () => {
    const transport = await serve((socket, _, connection, count) => (connection === 1 && count === 1 ? socket.write(ok('x')) : socket.destroy()));
    await transport.ask(get);
    await expect(transport.ask(get)).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE' });
    expect(transport.requests).toHaveLength(3);
  });

  it('after it began to answer is an error, also for a question', async () => {
    const transport = await serve((socket, _, _connection, count) => (count === 1 ? socket.write(ok('x')) : socket.end('HTTP/1.1 200 OK\r\nContent-Le')));
    await transport.ask(get);
    await expect(transport.ask(get)).rejects.toMatchObject({
      code: 'E_ENGINE_UNREACHABLE',
      message: expect.stringContaining('middle of an answer') as unknown,
    });
  });

  it('or that it closes in between, or on which it speaks unasked, is not used again', async () => {
    const transport = await serve((socket, request, connection) => {
      socket.write(ok(`of ${connection}`));
      if (request.includes('/end')) setTimeout(() => socket.end(), 5);
      if (request.includes('/speak')) setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 5);
    });
    const texts: string[] = [];
    for (const path of ['/end', '/speak', '/a']) {
      texts.push((await transport.ask({ ...post, path })).text);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(texts).toEqual(['of 1', 'of 2', 'of 3']);
  });
});

describe('a connection that is taken over', () => {
  it('carries bytes both ways, from the first one behind the head on', async () => {
    const transport = await serve((socket, request) => {
      if (request.startsWith('POST')) socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst');
      else socket.end(request.toUpperCase());
    });
    const answer = await transport.upgrade(post);
    if (!('socket' in answer)) throw new Error('refused');
    const chunks: string[] = [];
    answer.socket.write('second');
    for await (const chunk of answer.socket) chunks.push(String(chunk));
    expect(chunks.join('')).toBe('firstSECOND');
    expect(transport.requests[0]).toContain('Connection: Upgrade\r\nUpgrade: tcp\r\n');
  });

  it('is not, where the engine refuses', async () => {
    const transport = await serve((socket) => socket.write('HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno'));
    expect(await transport.upgrade(post)).toMatchObject({ status: 409, text: 'no' });
  });

  it('ends with an abort', async () => {
    const transport = await serve((socket) => socket.write('HTTP/1.1 101 UPGRADED\r\n\r\n'));
    const abort = new AbortController();
    const answer = await transport.upgrade({ ...post, signal: abort.signal });
    if (!('socket' in answer)) throw new Error('refused');
    setTimeout(() => abort.abort(), 5);
    await expect(once(answer.socket, 'end')).rejects.toMatchObject({ code: 'E_CANCELLED' });
  });
});

it.each([
  ['nothing', ''],
  ['something else', 'SSH-2.0-OpenSSH_9.2\r\n'],
])('a service that answers %s is no engine', async (_, text) => {
  const transport = await serve((socket) => socket.end(text));
  await expect(transport.ask(get)).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE' });
});

it('an engine that is not there is E_ENGINE_UNREACHABLE, and its cause says why', async () => {
  const transport = openTransport('unix:///nowhere/s', noPrograms, {});
  await expect(transport.ask(get)).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE', cause: { code: 'ENOENT' } });
});
