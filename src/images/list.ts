import type { ContainerSummary } from '../engine/model.ts';
import type { AllImages } from './observe-all.ts';
import type { LayerImage, ProjectImages } from './model.ts';
import { nameOf } from './names.ts';
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
  const layers = all.layers.map((image): ListedImage => {
    const users = all.projects.flatMap((project) => useOf(image, project) ?? []);
    const fresh = users.some(({ state }) => state === 'fresh');
    return {
      id: image.id,
      name: nameOf(image.tags, image.id),
      layer: image.layer,
      state: fresh ? 'fresh' : users.length > 0 ? 'stale' : 'old',
      reasons: fresh ? [] : [...new Set(users.flatMap(({ reasons }) => reasons))],
      fix: fresh ? undefined : users[0]?.fix,
      sizeBytes: image.sizeBytes,
      createdAt: image.createdAt,
      projects: users.map(({ project }) => project),
      containers: usedBy(image.id, all.containers),
    };
  });
  const bases = all.bases.map((base): ListedImage => {
    const projects = all.projects.filter(({ base: { id } }) => id !== undefined && sameId(id, base.id)).map(({ project }) => project);
    return {
      id: base.id,
      name: nameOf(base.tags, base.id),
      layer: 'base',
      state: projects.length > 0 ? 'fresh' : 'old',
      reasons: [],
      fix: undefined,
      sizeBytes: base.sizeBytes,
      createdAt: base.createdAt,
      projects,
      containers: usedBy(base.id, all.containers),
    };
  });
  const ofServices = all.services.map((image): ListedImage => {
    const wanted = services[image.service];
    const isNamed = wanted !== undefined && image.tags.includes(wanted.tag);
    const isStale = isNamed && image.fingerprint !== wanted.fingerprint;
    return {
      id: image.id,
      name: nameOf(image.tags, image.id),
      layer: 'service',
      state: isStale ? 'stale' : isNamed ? 'fresh' : 'old',
      reasons: isStale ? ['its template or base changed'] : [],
      fix: isStale ? wanted.fix : undefined,
      sizeBytes: image.sizeBytes,
      createdAt: image.createdAt,
      projects: [],
      containers: usedBy(image.id, all.containers),
    };
  });
  return [...layers, ...ofServices, ...bases].sort((a, b) => (a.layer === b.layer ? (a.name < b.name ? -1 : 1) : a.layer < b.layer ? -1 : 1));
}

interface Use {
  readonly project: string;
  readonly state: 'fresh' | 'stale';
  readonly reasons: readonly string[];
  readonly fix: string | undefined;
}

function useOf(image: LayerImage, project: ProjectImages): Use | undefined {
  const wanted = project.wanted.find(({ layer }) => layer === image.layer);
  if (wanted && findWanted(wanted, project.project, project.images)?.id === image.id) {
    return { project: project.project, state: 'fresh', reasons: [], fix: undefined };
  }
  const state = project.layers.find((layer) => layer.image?.id === image.id);
  return state && { project: project.project, state: 'stale', reasons: state.reasons, fix: state.fix };
}

function usedBy(id: string, containers: readonly ContainerSummary[]): readonly string[] {
  return containers.filter(({ imageId }) => sameId(imageId, id)).map(({ name }) => name);
}
