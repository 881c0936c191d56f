import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does `work` while no other process of this machine holds the same name. The lock is an abstract socket,
 * so the kernel gives it back when its holder dies, however it dies.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(name, work) {
  const server = await listen(`\0slipway-lab:${name}`);
  try {
    return await work();
  } finally {
    server.close();
  }
}

/** @param {string} address @returns {Promise<import('node:net').Server>} */
async function listen(address) {
  for (;;) {
    const server = createServer((peer) => peer.destroy());
    const taken = await new Promise((resolve, reject) => {
      server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => (error.code === 'EADDRINUSE' ? resolve(true) : reject(error)));
      server.listen(address, () => resolve(false));
    });
    if (!taken) return server;
    await sleep(50);
  }
}
