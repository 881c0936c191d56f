import { isOwn, label, ownFilter } from '../containers/labels.ts';
import type { Engine, ImageSummary } from '../engine/model.ts';
import { type LayerImage, layerNames, type Parts } from './model.ts';
import { fingerprintTag } from './names.ts';

/** Every layer that this install made on the engine, newest first; one request. */
export async function listLayerImages(engine: Engine, install: string, signal?: AbortSignal): Promise<readonly LayerImage[]> {
  const found = await engine.images.list({ labels: ownFilter(install, 'layer'), ...(signal ? { signal } : {}) });
  return layerImages(found, install);
}

/** Bootstrapped bases are among the labelled images too, and are no layers. */
export function layerImages(images: readonly ImageSummary[], install: string): readonly LayerImage[] {
  return images
    .filter(({ labels }) => isOwn(labels, install, 'layer'))
    .flatMap((image) => layerImage(image) ?? [])
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

function layerImage({ id, labels, tags, createdAt, sizeBytes }: ImageSummary): LayerImage | undefined {
  const layer = layerNames.find((name) => name === labels[label.layer]);
  const fingerprint = labels[label.fingerprint];
  if (layer === undefined || fingerprint === undefined) return undefined;
  const project = labels[label.project] || undefined;
  return {
    id,
    layer,
    fingerprint,
    parent: labels[label.parent] ?? '',
    parts: parseParts(labels[label.parts]),
    refresh: labels[label.refresh] || undefined,
    base: parseBase(labels[label.base]),
    project,
    operation: labels[label.op] ?? '',
    tags,
    tagged: tags.includes(fingerprintTag(layer, project ?? '', fingerprint)),
    createdAt,
    sizeBytes,
  };
}

function parseParts(text: string | undefined): Parts {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed).map(([name, hash]) => [name, String(hash)])) : {};
  } catch {
    return {};
  }
}

/** `ubuntu:24.04 sha256:…` */
export function parseBase(text: string | undefined): LayerImage['base'] {
  const [reference, id] = (text ?? '').split(' ');
  return reference && id ? { reference, id } : undefined;
}

/** The image that another was built from, while it is still there. */
export function parentOf(image: LayerImage, images: readonly LayerImage[]): LayerImage | undefined {
  const candidates = images.filter(({ fingerprint }) => fingerprint === image.parent);
  return candidates.find(({ tagged }) => tagged) ?? candidates[0];
}

/** An image and those below it, as far as they are still there. */
export function chainOf(image: LayerImage, images: readonly LayerImage[]): readonly LayerImage[] {
  const parent = parentOf(image, images);
  return parent === undefined ? [image] : [image, ...chainOf(parent, images)];
}
