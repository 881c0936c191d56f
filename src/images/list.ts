import type { ContainerSummary } from '../engine/model.ts';
import type { AllImages } from './observe-all.ts';
import type { LayerImage, ProjectImages } from './model.ts';
import { nameOf } from './names.ts';
import type { ServiceImage } from './prune.ts';
import { findWanted, sameId } from './staleness.ts';

export interface ListedImage {
  readonly id: string;
  readonly name: string;
  /** `base`: bootstrapped. `service`: of a template that instances are made from. */
  readonly layer: LayerImage['layer'] | 'base' | 'service';
  /** `old`: no project would make a container of it any more. */
  readonly state: 'fresh' | 'stale' | 'old';
  readonly reasons: readonly string[];
  readonly fix: string | undefined;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly projects: readonly string[];
  readonly containers: readonly string[];
}

/** The image that a service's template gives now. */
export interface WantedService {
  readonly tag: string;
  readonly fingerprint: string | undefined;
  /** The command that builds it. */
  readonly fix: string;
}

/** Every image of this install, for people: what it is now and who uses it. `services` are by template. Pure. */
export function listImages(all: AllImages, services: Readonly<Record<string, WantedService>> = {}): readonly ListedImage[] {
  const listed = (image: AllImages['bases'][number], layer: ListedImage['layer'], verdict: Verdict): ListedImage => ({
    id: image.id,
    name: nameOf(image.tags, image.id),
    layer,
    ...verdict,
    sizeBytes: image.sizeBytes,
    createdAt: image.createdAt,
    containers: usedBy(image.id, all.containers),
  });
  return [
    ...all.layers.map((image) => listed(image, image.layer, verdictOfLayer(image, all.projects))),
    ...all.services.map((image) => listed(image, 'service', verdictOfService(image, services[image.service]))),
    ...all.bases.map((image) => listed(image, 'base', verdictOfBase(image.id, all.projects))),
  ].sort((a, b) => (a.layer === b.layer ? (a.name < b.name ? -1 : 1) : a.layer < b.layer ? -1 : 1));
}

/** What becomes of an image, and for whom. */
type Verdict = Pick<ListedImage, 'state' | 'reasons' | 'fix' | 'projects'>;

const fresh = (projects: readonly string[]): Verdict => ({ state: 'fresh', reasons: [], fix: undefined, projects });
const old: Verdict = { state: 'old', reasons: [], fix: undefined, projects: [] };

function verdictOfLayer(image: LayerImage, projects: readonly ProjectImages[]): Verdict {
  const users = projects.filter((project) => isWanted(image, project) || stateOf(image, project) !== undefined);
  const names = users.map(({ project }) => project);
  if (users.some((project) => isWanted(image, project))) return fresh(names);
  const states = users.flatMap((project) => stateOf(image, project) ?? []);
  const [first] = states;
  if (first === undefined) return old;
  return { state: 'stale', reasons: [...new Set(states.flatMap(({ reasons }) => reasons))], fix: first.fix, projects: names };
}

function isWanted(image: LayerImage, { project, wanted, images }: ProjectImages): boolean {
  const own = wanted.find(({ layer }) => layer === image.layer);
  return own !== undefined && findWanted(own, project, images)?.id === image.id;
}

const stateOf = (image: LayerImage, { layers }: ProjectImages) => layers.find((layer) => layer.image?.id === image.id);

function verdictOfService({ tags, fingerprint }: ServiceImage, wanted: WantedService | undefined): Verdict {
  if (wanted === undefined || !tags.includes(wanted.tag)) return old;
  if (fingerprint === wanted.fingerprint) return fresh([]);
  return { state: 'stale', reasons: ['its template or base changed'], fix: wanted.fix, projects: [] };
}

function verdictOfBase(id: string, projects: readonly ProjectImages[]): Verdict {
  const users = projects.filter(({ base }) => base.id !== undefined && sameId(base.id, id)).map(({ project }) => project);
  return users.length > 0 ? fresh(users) : old;
}

function usedBy(id: string, containers: readonly ContainerSummary[]): readonly string[] {
  return containers.filter(({ imageId }) => sameId(imageId, id)).map(({ name }) => name);
}
