import type { Api } from './api.ts';
import { containerDetails } from './container-details.ts';
import type { ContainerDetails, Containers } from './model.ts';
import { whilePassing } from './passing.ts';
import { pathPart } from './reference.ts';
import type { WireContainer } from './wire.ts';

/** Podman looks at the process of a container that runs: where that ends meanwhile, the whole question fails, and the next one does not. */
const processGone = /\/proc\/\d+\/\S+: no such (process|file or directory)/;

export async function inspectContainer(api: Api, id: string, options: Parameters<Containers['inspect']>[1] = {}): Promise<ContainerDetails | undefined> {
  const ask = () => api.find<WireContainer>(`/containers/${pathPart(id)}/json`, { ...options, action: `inspect container ${id}` });
  const found = await whilePassing(processGone, ask);
  return found === undefined ? undefined : containerDetails(found);
}
