import type { Engine } from '../engine/model.ts';
import { ofProject } from './current.ts';
import { layerImages, listLayerImages } from './layer-image.ts';
import type { LayerName } from './model.ts';
import { fingerprintTag } from './names.ts';

/**
 * The image that a project's new containers are made from: what its last build left. Its name may have been moved by a person,
 * or by another install that has a project of the same id, so that it is given by the tag of its fingerprint. `undefined`: never
 * built on this engine.
 */
export async function topReference(engine: Engine, install: string, project: string, signal: AbortSignal): Promise<string | undefined> {
  const layer: LayerName = 'l2-cli';
  const named = await engine.images.inspect(`${project}:${layer}`, { signal });
  const own = named === undefined ? [] : ofProject(project, layer, layerImages([named], install));
  const [image] = own.length > 0 ? own : ofProject(project, layer, await listLayerImages(engine, install, signal));
  return image && fingerprintTag(layer, project, image.fingerprint);
}
