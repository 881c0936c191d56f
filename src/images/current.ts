import { chainOf } from './layer-image.ts';
import type { LayerImage, LayerInputs, LayerName, Parts, Refresh } from './model.ts';
import { layerAlias } from './names.ts';
import { diffParts } from './parts.ts';

/**
 * The images that a project uses until its next build: its L2 and what that was built from, followed by labels. A name is
 * only asked where no L2 tells: another install or a person may have moved it.
 */
export function currentLayer(
  layer: LayerName,
  inputs: Pick<LayerInputs, 'base' | 'agents' | 'ownAgents' | 'project'>,
  images: readonly LayerImage[],
  wanted?: Parts,
): LayerImage | undefined {
  const alias = layerAlias(layer, inputs);
  if (layer.startsWith('l2')) return named(alias, ofProject(inputs.project, layer, images), wanted);
  const tops = (['l2-cli', 'l2-web', 'l2-dev'] as const).flatMap((top) => named(layerAlias(top, inputs), ofProject(inputs.project, top, images)) ?? []);
  const below = tops.flatMap((top) => chainOf(top, images)).find((image) => image.layer === layer);
  return below ?? images.find((image) => image.tagged && image.layer === layer && image.tags.includes(alias));
}

/** The image that has the name, else the newest of those that are nearest to what is wanted. */
function named(alias: string, candidates: readonly LayerImage[], wanted?: Parts): LayerImage | undefined {
  const holder = candidates.find(({ tags }) => tags.includes(alias));
  if (holder || wanted === undefined) return holder ?? candidates[0];
  const distance = (image: LayerImage) => diffParts(image.parts, wanted).length;
  const nearest = Math.min(...candidates.map(distance));
  return candidates.find((image) => distance(image) === nearest);
}

export function ofProject(project: string, layer: LayerName, images: readonly LayerImage[]): readonly LayerImage[] {
  return images.filter((image) => image.tagged && image.layer === layer && image.project === project);
}

/** The stamps of the shared layers' newest builds on request, so that ordinary builds go on from them. */
export function currentRefresh(inputs: Pick<LayerInputs, 'base' | 'agents' | 'ownAgents' | 'project'>, images: readonly LayerImage[]): Refresh {
  const stamp = (layer: 'l0' | 'l1-cli') => {
    const alias = layerAlias(layer, inputs);
    return (images.find((image) => image.tagged && image.layer === layer && image.tags.includes(alias)) ?? currentLayer(layer, inputs, images))?.refresh;
  };
  return { l0: stamp('l0'), l1: stamp('l1-cli') };
}
