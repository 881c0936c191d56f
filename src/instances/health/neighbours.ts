import type { Engine } from '../../engine/model.ts';
import { run } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import type { Watched } from './watched.ts';

/**
 * Docker without moby/moby#48808 opens a container's port before the container's network is there, and announces the container to nobody:
 * where a client asks in between, the host's kernel asks for its address in vain, and again only a second later, while every client waits.
 * Root can have it forget the vain question, so that the next client is answered at once. Best effort: it changes nothing but when.
 */
export async function dropUnresolvedNeighbours(app: App, engine: Engine, { kind, container }: Watched): Promise<void> {
  if (kind === 'process' || engine.kind !== 'docker' || process.getuid?.() !== 0) return;
  const { signal } = app;
  const [info, details] = await Promise.all([engine.info({ signal }), engine.containers.inspect(container, { signal })]).catch(() => []);
  if (info?.locality !== 'local') return;
  const addresses = Object.values(details?.networks ?? {}).flatMap(({ address }) => (address === '' ? [] : [address]));
  await Promise.all(addresses.map((address) => run(['ip', 'neighbour', 'flush', 'to', address, 'nud', 'incomplete'], { signal }).catch(() => {})));
}
