import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * True when an engine answers on the socket.
 * @param {string} socketPath
 * @returns {Promise<boolean>}
 */
export function answers(socketPath) {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 3000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

/**
 * @param {string} socketPath
 * @param {() => boolean} alive whether waiting still makes sense
 * @returns {Promise<boolean>}
 */
export async function waitForAnswer(socketPath, alive) {
  const deadline = Date.now() + 60_000;
  while (alive() && Date.now() < deadline) {
    if (await answers(socketPath)) return true;
    await sleep(50);
  }
  return false;
}
