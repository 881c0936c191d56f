import { label, ownFilter } from '../containers/labels.ts';
import type { ContainerSummary, Engine, ImageSummary } from '../engine/model.ts';
import { openOperations } from '../operations/read-journal.ts';
import type { App } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { listProjectIds } from '../projects/store.ts';
import { journalDir } from '../state/paths.ts';
import { readLayerInputs } from './inputs.ts';
import { layerImages, parseBase } from './layer-image.ts';
import type { LayerImage, LayerInputs, ProjectImages } from './model.ts';
import { projectImages } from './observe.ts';
import type { OwnImage, PruneFacts, ServiceImage } from './prune.ts';

export interface AllImages {
  readonly layers: readonly LayerImage[];
  readonly bases: readonly (OwnImage & { readonly createdAt: string })[];
  readonly services: readonly (ServiceImage & { readonly createdAt: string })[];
  readonly projects: readonly ProjectImages[];
  /** Ids of projects whose files cannot be read or rendered. */
  readonly unreadable: readonly string[];
  /** Of everybody, stopped ones too. */
  readonly containers: readonly ContainerSummary[];
}

/** Every image of this install, and every project and container that may need one. */
export async function observeAll(app: App): Promise<AllImages> {
  const engine = await app.engine();
  const install = await app.installId();
  const [labelled, containers, ids] = await Promise.all([
    engine.images.list({ labels: ownFilter(install, 'layer'), signal: app.signal }),
    engine.containers.list({ signal: app.signal }),
    listProjectIds(app.paths),
  ]);
  const layers = layerImages(labelled, install);
  const observed = await Promise.all(ids.map((id) => observeOne(app, engine, install, id, layers)));
  return {
    layers,
    bases: labelled.filter(({ labels }) => labels[label.layer] === 'base').map(ownImage),
    services: labelled.filter(({ labels }) => labels[label.layer] === 'service').map(serviceImage),
    projects: observed.flatMap(({ project }) => project ?? []),
    unreadable: observed.flatMap(({ id, project }) => (project === undefined ? [id] : [])),
    containers,
  };
}

function ownImage({ id, tags, sizeBytes, labels, createdAt }: ImageSummary) {
  return { id, tags, sizeBytes, createdAt, operation: labels[label.op] ?? '' };
}

function serviceImage(image: ImageSummary) {
  const { labels } = image;
  return { ...ownImage(image), service: labels[label.service] ?? '', fingerprint: labels[label.fingerprint], base: parseBase(labels[label.base])?.id };
}

interface Observed {
  readonly id: string;
  readonly project: ProjectImages | undefined;
}

/** A mistake in one project's files hides no other; an engine that does not answer still throws. */
async function observeOne(app: App, engine: Engine, install: string, id: string, layers: readonly LayerImage[]): Promise<Observed> {
  const inputs = await readInputs(app, id).catch(() => undefined);
  if (inputs === undefined) return { id, project: undefined };
  const base = await engine.images.inspect(inputs.base, { signal: app.signal });
  try {
    return { id, project: projectImages(inputs, install, layers, base?.id) };
  } catch {
    return { id, project: undefined };
  }
}

async function readInputs(app: App, id: string): Promise<LayerInputs> {
  return readLayerInputs(app, await resolveProject(app.paths, id));
}

export async function observePrune(app: App): Promise<PruneFacts> {
  const [all, open] = await Promise.all([observeAll(app), openOperations(journalDir(app.paths))]);
  return { ...all, inUse: all.containers.map(({ imageId }) => imageId), openOperations: open };
}
