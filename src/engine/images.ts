import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { type Api, filters, labelFilters } from './api.ts';
import { imagePath, inspectImage, shortTags, withAlgorithm } from './image-details.ts';
import type { Images, ImageSummary } from './model.ts';
import { localReference, splitReference } from './reference.ts';
import type { WireImageSummary } from './wire.ts';

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
      await api.call('POST', imagePath(reference, '/tag'), {
        ...options,
        action: `tag image ${reference} as ${tag}`,
        query: { repo: to.repository, tag: to.tag },
        refused: ({ status }) => (status === 404 ? noImage(reference) : undefined),
      });
    },
    async remove(reference, options = {}) {
      const answer = await api.call('DELETE', imagePath(reference), {
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
