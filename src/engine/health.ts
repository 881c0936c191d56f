import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { inspectContainer } from './inspect-container.ts';
import type { CallOptions, Health } from './model.ts';
import { pathPart } from './reference.ts';

export async function checkHealth(api: Api, id: string, options: CallOptions = {}): Promise<Health> {
  const action = `check the health of container ${id}`;
  const { kind } = await api.dialect();
  // 409: it has no check, or does not run. The state is read in any case: one failure is not yet unhealthy.
  if (kind === 'podman') await api.call('GET', `/libpod/containers/${pathPart(id)}/healthcheck`, { ...options, action, accept: [404, 409] });
  const container = await inspectContainer(api, id, options);
  if (container === undefined) throw new SlipwayError('E_NO_SUCH', `Cannot ${action}: there is no such container`);
  return container.health;
}
