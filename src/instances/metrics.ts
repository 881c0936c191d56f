import { get } from 'node:http';
import { reachable } from './health/watched.ts';
import type { InstanceConfig } from './model.ts';

const mostBytes = 65_536;
const patienceMs = 2_000;

/** What the service answers at its path of figures, as far as 64 KiB go. `undefined`: it did not answer so within 2 s. */
export function readMetrics({ address, port }: Pick<InstanceConfig, 'address' | 'port'>, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: reachable(address), port, path, agent: false, signal: AbortSignal.timeout(patienceMs) }, (response) => {
      if (response.statusCode !== 200) return end(undefined);
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= mostBytes) end(text());
      });
      response.once('end', () => end(text()));
      response.once('error', () => end(undefined));
      const text = () => Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8');
    });
    request.once('error', () => resolve(undefined));
    const end = (found: string | undefined) => {
      resolve(found);
      request.destroy();
    };
  });
}
