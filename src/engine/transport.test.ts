import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openApi } from './api.ts';
import type { Dialect, DialectMemory } from './dialect.ts';
import type { Programs } from './programs.ts';
import { readChunks, readJsonLines } from './stream.ts';
import { openTransport } from './transport.ts';

const needless = () => {
  throw new Error('a socket needs no program');
};
const noPrograms: Programs = { run: needless, openDuplex: needless, startDetached: needless };

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serve(listener: RequestListener, memory?: DialectMemory): Promise<{ readonly api: ReturnType<typeof openApi>; readonly server: Server }> {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-transport-'));
  const path = join(directory, 's');
  const server = createServer((request, response) => {
    if (request.url !== '/_ping') return listener(request, response);
    response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const api = openApi(openTransport(`unix://${path}`, noPrograms, {}), memory);
  open.push(() => {
    api.close();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { api, server };
}

const action = 'ask';

test('one ping decides the version; connections are kept', async () => {
  const paths: string[] = [];
  const { api, server } = await serve((request, response) => {
    paths.push(request.url ?? '');
    response.end('{}');
  });
  let connections = 0;
  server.on('connection', () => connections++);
  await api.json('GET', '/a', { action, query: { x: 'a b', y: undefined, z: ['1', '2'] } });
  await api.json('GET', '/libpod/b', { action });
  expect(paths).toEqual(['/v1.41/a?x=a+b&z=1&z=2', '/v4.0.0/libpod/b']);
  expect(connections).toBe(1);
});

describe('with a memory of what an engine spoke', () => {
  const docker: Dialect = { kind: 'docker', apiVersion: '1.41', libpodVersion: '' };
  async function remembering(remembered: Dialect, headers: Readonly<Record<string, string>>) {
    const paths: string[] = [];
    const written: Dialect[] = [];
    const memory = { read: () => remembered, write: (_: string, dialect: Dialect) => void written.push(dialect) };
    const { api } = await serve((request, response) => {
      paths.push(`${request.method} ${request.url}`);
      response.writeHead(paths.length === 1 && remembered !== docker ? 400 : 200, headers).end('{}');
    }, memory);
    return { api, paths, written };
  }

  test('an answer that confirms it spares the ping', async () => {
    const { api, paths, written } = await remembering(docker, { 'Api-Version': '1.41', Server: 'Docker/20.10' });
    await api.json('GET', '/a', { action });
    await api.json('POST', '/b', { action });
    expect(paths).toEqual(['GET /v1.41/a', 'POST /v1.41/b']);
    expect([await api.dialect(), written]).toEqual([docker, []]);
  });

  test('nor is one needed for a path that differs with the engine', async () => {
    const { api, paths } = await remembering(docker, { 'Api-Version': '1.41', Server: 'Docker/20.10' });
    await api.json('GET', (kind) => `/${kind}`, { action });
    expect(paths).toEqual(['GET /v1.41/docker']);
  });

  test.each([
    ['an older version', { ...docker, apiVersion: '1.47' }, { 'Api-Version': '1.41' }],
    ['another engine', { ...docker, kind: 'podman', libpodVersion: '5.4.0' } as const, { 'Api-Version': '1.41' }],
    ['nothing known', { ...docker, apiVersion: '1.43' }, {}],
  ])('an answer of %s counts for nothing: it is asked anew, and remembered', async (_, remembered, headers) => {
    const { api, paths, written } = await remembering(remembered, headers);
    expect(await api.json('GET', '/a', { action })).toEqual({});
    expect(paths).toEqual([`GET /v${remembered.apiVersion}/a`, 'GET /v1.41/a']);
    expect([await api.dialect(), written]).toEqual([docker, [docker]]);
  });

  test('a path is that of the engine that answers, not of the one that was remembered', async () => {
    const { api, paths } = await remembering({ ...docker, kind: 'podman', libpodVersion: '5.4.0' }, { 'Api-Version': '1.41', Server: 'Docker/20.10' });
    await api.json('GET', (kind) => `/${kind}`, { action });
    expect(paths).toEqual(['GET /v1.41/podman', 'GET /v1.41/docker']);
  });

  test('what changes something is never sent on its word', async () => {
    const { api, paths, written } = await remembering({ ...docker, apiVersion: '1.47' }, { 'Api-Version': '1.41' });
    await api.call('POST', '/a', { action, accept: [400] });
    expect([paths, written]).toEqual([['POST /v1.41/a'], [docker]]);
  });
});

test('an engine that does not answer in time is E_ENGINE_TIMEOUT', async () => {
  const { api } = await serve(() => {});
  await expect(api.json('GET', '/a', { action, timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_ENGINE_TIMEOUT' });
});

test('an answer that comes too slowly is one too, unless it is a stream', async () => {
  const { api } = await serve((_, response) => {
    response.write('{"a":');
    setTimeout(() => response.end('1}'), 200);
  });
  await expect(api.json('GET', '/a', { action, timeoutMs: 100 })).rejects.toMatchObject({ code: 'E_ENGINE_TIMEOUT' });
  const stream = await api.stream('GET', '/a', { action, timeoutMs: 100 });
  const values: unknown[] = [];
  for await (const value of readJsonLines(readChunks('x', stream))) values.push(value);
  expect(values).toEqual([{ a: 1 }]);
});

test('a connection that breaks in the middle of an answer is E_ENGINE_UNREACHABLE, never a shorter answer', async () => {
  const { api } = await serve((_, response) => {
    response.write('[{"Id":"1"}');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(api.json('GET', '/a', { action })).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE' });
  const stream = await api.stream('GET', '/a', { action });
  await expect(
    (async () => {
      for await (const _ of readChunks('x', stream));
    })(),
  ).rejects.toMatchObject({ code: 'E_ENGINE_UNREACHABLE' });
});

test('a kept connection that the engine closed is no failure for a question', async () => {
  const { api, server } = await serve((_, response) => response.end('{"ok":true}'));
  await api.json('GET', '/a', { action });
  server.closeIdleConnections();
  expect(await api.json('GET', '/a', { action })).toEqual({ ok: true });
});

test('an abort throws at once, before and during a call', async () => {
  const { api } = await serve(() => {});
  const abort = new AbortController();
  const waiting = api.json('GET', '/a', { action, signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await expect(waiting).rejects.toMatchObject({ code: 'E_CANCELLED', exitCode: 130 });
  await expect(api.json('GET', '/a', { action, signal: abort.signal })).rejects.toMatchObject({ code: 'E_CANCELLED' });
});

test.each([
  [500, '{"message":"creating container storage: the container name \\"x\\" is already in use by 1","cause":"that name is already in use"}', 'E_NAME_TAKEN'],
  [409, '{"message":"Conflict. The container name \\"/x\\" is already in use by container 1."}', 'E_NAME_TAKEN'],
  [500, '{"message":"driver failed: Bind for 127.0.0.1:80 failed: port is already allocated"}', 'E_PORT_TAKEN'],
  [500, '{"cause":"address already in use","message":"rootlessport listen tcp 127.0.0.1:80: bind: address already in use"}', 'E_PORT_TAKEN'],
  [409, '{"message":"remove x: volume is in use - [1]"}', 'E_IN_USE'],
  [404, '{"message":"No such image: x:1"}', 'E_NO_IMAGE'],
  [404, '{"message":"no such container"}', 'E_NO_SUCH'],
  [409, '{"message":"Container 1 is not running"}', 'E_CONFLICT'],
  [502, '<html>Bad gateway</html>', 'E_ENGINE'],
  [500, '', 'E_ENGINE'],
])('a refusal %i %s is %s', async (status, body, code) => {
  const { api } = await serve((_, response) => response.writeHead(status).end(body));
  await expect(api.json('GET', '/a', { action })).rejects.toMatchObject({ code, message: expect.stringMatching(/^Cannot ask: ./) as unknown });
});
