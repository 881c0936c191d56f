import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { withAlgorithm } from './image-details.ts';
import type { Containers } from './model.ts';
import { localReference, splitReference } from './reference.ts';

export async function commitContainer(api: Api, id: string, tag: string, options: Parameters<Containers['commit']>[2] = {}): Promise<string> {
  const { kind } = await api.dialect();
  const to = splitReference(kind === 'podman' ? localReference(tag) : tag);
  const commit = (pause: boolean) =>
    api.json<{ readonly Id: string }>('POST', kind === 'podman' ? '/libpod/commit' : '/commit', {
      ...options,
      action: `commit container ${id}`,
      patient: true,
      // Podman's own image format would drop a health check.
      query: { container: id, repo: to.repository, tag: to.tag, pause, changes: options.changes, ...(kind === 'podman' ? { format: 'docker' } : {}) },
      ...(kind === 'podman' ? {} : { json: {} }),
    });
  const { Id } = await commit(options.pause ?? true).catch((error: unknown) => {
    // Rootless Podman on cgroup version 1 cannot pause: without a word about it, unpaused is the best there is.
    if (options.pause === undefined && error instanceof SlipwayError && /can ?not pause/.test(error.message)) return commit(false);
    throw error;
  });
  return withAlgorithm(Id);
}
