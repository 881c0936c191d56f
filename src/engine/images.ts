import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { type Api, filters, labelFilters } from './api.ts';
import type { ImageDetails, Images, ImageSummary } from './model.ts';
import { localReference, pathPart, shortReference, splitReference } from './reference.ts';
import type { WireImage, WireImageSummary, WirePodmanImage } from './wire.ts';

/** Podman's Docker-compatible image calls look for short names at docker.io only, so that `localhost/` images are not found: its own API is asked there. */
export async function imagePath(api: Api, reference: string): Promise<string> {
  const { kind } = await api.dialect();
  return `${kind === 'podman' ? '/libpod' : ''}/images/${pathPart(reference)}`;
}

export async function inspectImage(api: Api, reference: string, options: Parameters<Images['inspect']>[1] = {}): Promise<ImageDetails | undefined> {
  const found = await api.find<WireImage & WirePodmanImage>(`${await imagePath(api, reference)}/json`, { ...options, action: `inspect image ${reference}` });
  return found === undefined ? undefined : imageDetails(found);
}

export function openImages(api: Api): Images {
  const transfer = async () => (await import('./image-transfer.ts')).openImageTransfer(api);
  return {
    async list(filter = {}) {
      const { kind } = await api.dialect();
      // Podman 4.3 finds no image at all by more than one label: it is asked for one, and the rest is looked at here.
      const labels = Object.entries(filter.labels ?? {});
      const asked = kind === 'podman' ? Object.fromEntries(labels.slice(-1)) : filter.labels;
      const by = filters({
        label: labelFilters(asked),
        reference: filter.reference === undefined ? undefined : [filter.reference],
        dangling: filter.dangling === undefined ? undefined : [String(filter.dangling)],
      });
      const path = kind === 'podman' ? '/libpod/images/json' : '/images/json';
      const ask = () => api.json<readonly WireImageSummary[] | null>('GET', path, { ...filter, action: 'list images', query: { filters: by } });
      const found = await whileImagesGo(ask);
      return (found ?? []).map(imageSummary).filter((image) => labels.every(([name, value]) => image.labels[name] === value));
    },
    inspect: (reference, options) => inspectImage(api, reference, options),
    async tag(reference, tag, options = {}) {
      const { kind } = await api.dialect();
      const to = splitReference(kind === 'podman' ? localReference(tag) : tag);
      await api.call('POST', `${await imagePath(api, reference)}/tag`, {
        ...options,
        action: `tag image ${reference} as ${tag}`,
        query: { repo: to.repository, tag: to.tag },
        refused: ({ status }) => (status === 404 ? noImage(reference) : undefined),
      });
    },
    async remove(reference, options = {}) {
      const answer = await api.call('DELETE', await imagePath(api, reference), {
        ...options,
        action: `remove image ${reference}`,
        query: { force: options.force ?? false },
        accept: [404],
        refused: ({ status, message }) => (status === 409 ? inUse(reference, message) : undefined),
      });
      return answer.status !== 404;
    },
    import: async (...args) => (await transfer()).import(...args),
    save: async (...args) => (await transfer()).save(...args),
    load: async (...args) => (await transfer()).load(...args),
    pull: async (...args) => (await transfer()).pull(...args),
    build: async (...args) => (await transfer()).build(...args),
  };
}

/** Podman's list fails where another removes an image at that moment: it names the image that went. Removing one takes it some 100 ms. */
async function whileImagesGo<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 30 || !(error instanceof SlipwayError) || error.code !== 'E_NO_IMAGE') throw error;
      await sleep(100);
    }
  }
}

function noImage(reference: string): SlipwayError {
  return new SlipwayError('E_NO_IMAGE', `There is no image ${reference}`, { hint: 'Build, pull or import it first.' });
}

function inUse(reference: string, message: string): SlipwayError {
  return new SlipwayError('E_IN_USE', `Cannot remove image ${reference}: ${message}`, { hint: 'Remove the containers that use it first.' });
}

function imageSummary(image: WireImageSummary): ImageSummary {
  return {
    id: withAlgorithm(image.Id),
    tags: shortTags(image.RepoTags),
    labels: image.Labels ?? {},
    createdAt: new Date(image.Created * 1000).toISOString(),
    sizeBytes: image.Size,
  };
}

function imageDetails(image: WireImage & WirePodmanImage): ImageDetails {
  const config = image.Config ?? {};
  const named = (config.Healthcheck ?? image.Healthcheck)?.Test ?? [];
  const test = named[0] === 'NONE' ? [] : named;
  return {
    id: withAlgorithm(image.Id),
    tags: shortTags(image.RepoTags),
    labels: config.Labels ?? image.Labels ?? {},
    createdAt: image.Created === undefined ? new Date(0).toISOString() : new Date(image.Created).toISOString(),
    sizeBytes: image.Size,
    digests: image.RepoDigests ?? [],
    os: image.Os,
    arch: image.Architecture,
    user: config.User ?? '',
    env: config.Env ?? [],
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    workingDir: config.WorkingDir ?? '',
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    hasHealthcheck: test.length > 0,
    ...(test.length > 0 ? { healthTest: test } : {}),
  };
}

/** Docker writes `sha256:` before an image's id, Podman's own API does not. */
export function withAlgorithm(id: string): string {
  return id.includes(':') ? id : `sha256:${id}`;
}

function shortTags(tags: readonly string[] | null | undefined): readonly string[] {
  return [...new Set((tags ?? []).filter((tag) => tag !== '<none>:<none>').map(shortReference))];
}
