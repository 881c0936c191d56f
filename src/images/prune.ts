import type { Plan } from '../operations/model.ts';
import { chainOf } from './layer-image.ts';
import type { LayerImage, ProjectImages } from './model.ts';
import { nameOf } from './names.ts';
import { findWanted, sameId } from './staleness.ts';

export interface PruneFacts {
  /** Every layer of this install, the bases that it bootstrapped, and the images of services that it built. */
  readonly layers: readonly LayerImage[];
  readonly bases: readonly OwnImage[];
  readonly services: readonly ServiceImage[];
  /** Every project whose files can be read. */
  readonly projects: readonly ProjectImages[];
  /** Ids of projects whose files cannot be read: what their last build left is kept. */
  readonly unreadable: readonly string[];
  /** Ids of the images of all containers, stopped ones and strangers' too. */
  readonly inUse: readonly string[];
  /** Operations that are at work or wait for recovery: what they made is theirs. */
  readonly openOperations: readonly string[];
}

export interface OwnImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly operation: string;
}

export interface ServiceImage extends OwnImage {
  /** The template that it was built from. */
  readonly service: string;
  readonly fingerprint: string | undefined;
  /** Id of what it was built on. */
  readonly base: string | undefined;
}

export interface Unused {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
}

/** Images that no project's chain and no container needs, tops before what they were built from. */
export function unusedImages(facts: PruneFacts): readonly Unused[] {
  const kept = keptLayers(facts);
  const layers = facts.layers.filter((image) => !kept.has(image.id) && isOnlyOurs(image));
  const isNeeded = ({ id, operation }: OwnImage) => isAny(id, facts.inUse) || facts.openOperations.includes(operation);
  const services = facts.services.filter((image) => !isNeeded(image) && hasOnlyOurNames(image));
  const standing = [...facts.layers.filter(({ id }) => kept.has(id)).map(({ base }) => base?.id), ...without(facts.services, services).map(({ base }) => base)];
  const baseIds = [...facts.projects.map(({ base }) => base.id), ...standing];
  const bases = facts.bases.filter((base) => !isAny(base.id, baseIds) && !isNeeded(base));
  return [...[...layers].sort((a, b) => (a.layer < b.layer ? 1 : -1)), ...services, ...bases].map((image) => unused(image));
}

export function planPrune(facts: PruneFacts): Plan {
  const removals = unusedImages(facts).map(({ id, name, tags }) => ({ do: 'image.remove', image: id, name, tags }));
  return { steps: removals.length === 0 ? [] : [...removals, { do: 'image.sweep' }] };
}

function keptLayers(facts: PruneFacts): ReadonlySet<string> {
  const { layers } = facts;
  const roots = [
    ...facts.projects.flatMap(({ layers: states, wanted, project }) => [
      ...states.flatMap(({ image }) => image ?? []),
      ...wanted.flatMap((layer) => findWanted(layer, project, layers) ?? []),
    ]),
    ...facts.unreadable.flatMap((project) => layers.filter((image) => image.project === project)),
    ...layers.filter(({ id }) => isAny(id, facts.inUse)),
    ...layers.filter(({ operation }) => facts.openOperations.includes(operation)),
  ];
  return new Set(roots.flatMap((image) => chainOf(image, layers)).map(({ id }) => id));
}

/** A person's own image on top of a layer inherits its labels; a person's own name on a layer is a reason to keep it. */
function isOnlyOurs(image: LayerImage): boolean {
  const ours = image.project === undefined ? /^slipway-l[01](-cli|-ui)?:/ : new RegExp(`^${image.project}:l2-(cli|web|dev)(-fp-[0-9a-f]{16})?$`);
  return image.tags.every((tag) => ours.test(tag)) && (image.tagged || image.tags.length === 0);
}

/** An instance names what it may go back to. */
function hasOnlyOurNames({ service, tags }: ServiceImage): boolean {
  return tags.every((tag) => tag.startsWith(`slipway-${service}:`));
}

function without<T>(all: readonly T[], some: readonly T[]): readonly T[] {
  return all.filter((one) => !some.includes(one));
}

function isAny(id: string, ids: readonly (string | undefined)[]): boolean {
  return ids.some((other) => other !== undefined && sameId(id, other));
}

function unused({ id, tags, sizeBytes }: Pick<LayerImage, 'id' | 'tags' | 'sizeBytes'>): Unused {
  return { id, name: nameOf(tags, id), sizeBytes, tags };
}
