import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from './connect.ts';

const needless = () => {
  throw new Error('a socket needs no program');
};

/** As Podman 4.3 answers where a container's process ends while it looks at it. */
it('asks again where a container has ended while Podman looked at it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-inspect-'));
  const refusals = ['read /proc/327516/cgroup: no such process'];
  const server = createServer(({ url = '' }, response) => {
    const message = url.includes('/containers/') ? refusals.pop() : 'OK';
    const status = message === undefined ? 404 : message === 'OK' ? 200 : 500;
    response.writeHead(status, { 'Libpod-API-Version': '4.3.1', 'Api-Version': '1.41' }).end(JSON.stringify({ message }));
  });
  onTestFinished(() => {
    server.close();
    rmSync(root, { recursive: true, force: true });
  });
  const socket = join(root, 'podman.sock');
  await new Promise<void>((resolve) => server.listen(socket, () => resolve()));
  const engine = connect(
    { kind: 'podman', endpoint: `unix://${socket}` },
    { programs: { run: needless, openDuplex: needless, startDetached: needless }, env: {} },
  );
  expect(await engine.containers.inspect('gone')).toBeUndefined();
  expect(refusals).toEqual([]);
});
