import { currentLayer, ofProject } from './current.ts';
import { parentOf } from './layer-image.ts';
import {
  type BaseFacts,
  type LayerImage,
  type LayerInputs,
  type LayerName,
  type LayerState,
  layerBelow,
  layerTitle,
  type ProjectImages,
  type WantedLayer,
} from './model.ts';
import { layerAlias } from './names.ts';
import { diffParts } from './parts.ts';

export interface StalenessFacts {
  readonly inputs: Pick<LayerInputs, 'base' | 'agents' | 'ownAgents' | 'project'>;
  readonly base: Pick<BaseFacts, 'reference' | 'id'>;
  /** Empty where the base is not known. */
  readonly wanted: readonly WantedLayer[];
  readonly images: readonly LayerImage[];
}

/** What each layer of a project is now. Every layer is judged by its own recipe, so that a fresh top hides nothing below. */
export function layerStates(layers: readonly LayerName[], facts: StalenessFacts): readonly LayerState[] {
  return layers.map((layer) => layerState(layer, facts));
}

function layerState(layer: LayerName, facts: StalenessFacts): LayerState {
  const { inputs, images } = facts;
  const wanted = facts.wanted.find((candidate) => candidate.layer === layer);
  const alias = layerAlias(layer, inputs);
  const fix = `slipway build ${inputs.project}${layer === 'l2-dev' ? ' --dev' : ''}`;
  const fresh = wanted && findWanted(wanted, inputs.project, images);
  if (fresh) return { layer, alias, state: 'fresh', reasons: [], fix: undefined, image: fresh };
  const current = currentLayer(layer, inputs, images, wanted?.parts);
  if (current === undefined) return { layer, alias, state: 'missing', reasons: ['not built yet'], fix, image: undefined };
  const reasons = wanted === undefined ? [`base image ${facts.base.reference} is not on this engine`] : reasonsOf(current, wanted);
  return { layer, alias, state: 'stale', reasons, fix, image: current };
}

/** The image of exactly this recipe. */
export function findWanted(wanted: WantedLayer, project: string, images: readonly LayerImage[]): LayerImage | undefined {
  const candidates = wanted.layer.startsWith('l2')
    ? ofProject(project, wanted.layer, images)
    : images.filter(({ layer, tagged }) => tagged && layer === wanted.layer);
  return candidates.find(({ fingerprint }) => fingerprint === wanted.fingerprint);
}

/** Why an image is not what is wanted: its own inputs first, then what lies below. */
function reasonsOf(image: LayerImage, wanted: WantedLayer): readonly string[] {
  const own = diffParts(image.parts, wanted.parts);
  const below = layerBelow[wanted.layer];
  const moved = below !== undefined && image.parent !== wanted.parent ? [`layer ${layerTitle(below)} changed below it`] : [];
  const reasons = [...own, ...moved];
  return reasons.length > 0 ? reasons : ['its recipe changed'];
}

export interface ContainerStaleness {
  readonly state: 'fresh' | 'stale';
  /** `L1: agent claude changed`. */
  readonly reasons: readonly string[];
  /** Whether the image to move to is there already; else the project has to be built first. */
  readonly built: boolean;
}

/**
 * Holds the image that a container was made from against what its project asks for now. `layer` tells which top it would get
 * where its image is gone.
 */
export function containerStaleness(project: ProjectImages, imageId: string, layer: LayerName = 'l2-cli'): ContainerStaleness {
  const image = project.images.find(({ id }) => sameId(id, imageId));
  const top = image?.layer ?? layer;
  const wanted = project.wanted.find((candidate) => candidate.layer === top);
  const built = wanted !== undefined && findWanted(wanted, project.project, project.images) !== undefined;
  if (image === undefined) return { state: 'stale', reasons: ['its image is no longer there'], built };
  if (wanted === undefined) return { state: 'stale', reasons: [`base image ${project.base.reference} is not on this engine`], built };
  if (image.fingerprint === wanted.fingerprint) return { state: 'fresh', reasons: [], built };
  return { state: 'stale', reasons: chainReasons(image, wanted, project), built };
}

/** The reasons of every layer, lowest first; `changed below it` only where the lower image is gone and cannot tell. */
function chainReasons(image: LayerImage, wanted: WantedLayer, project: ProjectImages): readonly string[] {
  const title = layerTitle(wanted.layer);
  const own = diffParts(image.parts, wanted.parts).map((reason) => `${title}: ${reason}`);
  const below = layerBelow[wanted.layer];
  if (below === undefined || image.parent === wanted.parent) return own.length > 0 ? own : [`${title}: its recipe changed`];
  const parent = parentOf(image, project.images);
  const wantedBelow = project.wanted.find(({ layer }) => layer === below);
  if (parent === undefined || wantedBelow === undefined) return [`${layerTitle(below)}: changed`, ...own];
  return [...chainReasons(parent, wantedBelow, project), ...own];
}

export function sameId(a: string, b: string): boolean {
  return a.replace(/^sha256:/, '') === b.replace(/^sha256:/, '');
}
