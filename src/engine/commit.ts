import type { Api } from './api.ts';
import { withAlgorithm } from './images.ts';
import type { Containers } from './model.ts';
import { localReference, splitReference } from './reference.ts';

export async function commitContainer(api: Api, id: string, tag: string, options: Parameters<Containers['commit']>[2] = {}): Promise<string> {
  const { kind } = await api.dialect();
  const to = splitReference(kind === 'podman' ? localReference(tag) : tag);
  // Podman's own image format would drop a health check.
  const { Id } = await api.json<{ readonly Id: string }>('POST', kind === 'podman' ? '/libpod/commit' : '/commit', {
    ...options,
    action: `commit container ${id}`,
    patient: true,
    query: { container: id, repo: to.repository, tag: to.tag, pause: options.pause ?? true, changes: options.changes, ...(kind === 'podman' ? { format: 'docker' } : {}) },
    ...(kind === 'podman' ? {} : { json: {} }),
  });
  return withAlgorithm(Id);
}
