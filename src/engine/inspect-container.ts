import type { Api } from './api.ts';
import { containerDetails } from './container-details.ts';
import type { ContainerDetails, Containers } from './model.ts';
import { pathPart } from './reference.ts';
import type { WireContainer } from './wire.ts';

export async function inspectContainer(api: Api, id: string, options: Parameters<Containers['inspect']>[1] = {}): Promise<ContainerDetails | undefined> {
  const found = await api.find<WireContainer>(`/containers/${pathPart(id)}/json`, { ...options, action: `inspect container ${id}` });
  return found === undefined ? undefined : containerDetails(found);
}
