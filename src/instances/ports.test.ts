import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { checkPort, freePort, isBound } from './ports.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => void server.close()));

async function listening(address: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

test.each(['127.0.0.1', '0.0.0.0'])('what listens at %s is seen from loopback', async (address) => {
  const port = await listening(address);
  expect(await isBound('127.0.0.1', port)).toBe(true);
  await expect(checkPort('127.0.0.1', port, new Set())).rejects.toMatchObject({
    code: 'E_PORT_TAKEN',
    message: `Port ${port} is already in use.`,
    hint: expect.stringMatching(/^Port \d+ is free: add --port \d+/) as string,
  });
});

test('the next free one is neither bound nor held', async () => {
  const port = await listening('127.0.0.1');
  const free = await freePort('127.0.0.1', new Set([port + 1]), port);
  expect(free).toBeGreaterThan(port + 1);
  expect(await isBound('127.0.0.1', free)).toBe(false);
});

test('a port that another instance holds is taken, whether it runs or not', async () => {
  const free = await freePort('127.0.0.1', new Set());
  await expect(checkPort('127.0.0.1', free, new Set([free]))).rejects.toMatchObject({ code: 'E_PORT_TAKEN' });
});

test('an address of another machine is a mistake', async () => {
  await expect(isBound('192.0.2.1', 8081)).rejects.toMatchObject({ code: 'E_BAD_SETTING' });
});
