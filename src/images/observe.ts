import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, ImageDetails } from '../engine/model.ts';
import type { App } from '../operations/model.ts';
import type { ResolvedProject } from '../projects/model.ts';
import { currentLayer, currentRefresh, ofProject } from './current.ts';
import { baseOf, readLayerInputs } from './inputs.ts';
import { layerImages, listLayerImages } from './layer-image.ts';
import type { BaseFacts, LayerImage, LayerInputs, LayerName, ProjectImages, Refresh, WantedLayer } from './model.ts';
import { layerAlias } from './names.ts';
import { layerStates } from './staleness.ts';
import { type WantedFacts, wantedLayers, wantedOnce } from './wanted.ts';

export interface ObserveOptions {
  /** Default: the engine for new things. */
  readonly engine?: Engine;
  /** What was listed already, where several projects are looked at. */
  readonly images?: readonly LayerImage[] | Promise<readonly LayerImage[]>;
  /** Judge L2-dev too, also where the project has none. */
  readonly dev?: boolean;
  /** Stamps of the build that is planned; default: those of the newest images. */
  readonly refresh?: Refresh;
}

/** What each layer of a project is now. The files are read while the engine answers. */
export async function observeProjectImages(app: App, project: ResolvedProject, options: ObserveOptions = {}): Promise<ProjectImages> {
  const engine = options.engine ?? (await app.engine());
  const install = await app.installId();
  const base = engine.images.inspect(baseOf(project).base, { signal: app.signal });
  // Where the project's files are broken nobody waits for it any more.
  base.catch(() => {});
  // What was asked goes out before the files are read, which holds the process up.
  await nextTurn();
  const reading = readLayerInputs(app, project);
  const { refresh } = options;
  const special = options.images || options.dev || refresh?.l0 || refresh?.l1;
  const byName = special ? undefined : await observeByName(app, engine, install, [reading, base]);
  if (byName) return byName;
  const [images, baseImage, inputs] = await Promise.all([options.images ?? listLayerImages(engine, install, app.signal), base, reading]);
  return judgeImages(app, inputs, install, images, baseImage?.id, options);
}

/**
 * Where all is up to date, the images that have the layers' names tell so. Asking for these few is much cheaper on Podman, which
 * measures every image that it lists. `undefined`: only the list can tell, since something is stale, or a name was moved.
 */
async function observeByName(
  app: App,
  engine: Engine,
  install: string,
  [reading, base]: readonly [Promise<LayerInputs>, Promise<ImageDetails | undefined>],
): Promise<ProjectImages | undefined> {
  const inputs = await reading;
  const names = (['l0', 'l1-cli', 'l2-cli', 'l2-dev'] as const).map((layer) => layerAlias(layer, inputs));
  const [baseImage, ...found] = await Promise.all([base, ...names.map((name) => engine.images.inspect(name, { signal: app.signal }))]);
  const images = layerImages(
    found.flatMap((image) => image ?? []),
    install,
  );
  const project = await judgeImages(app, inputs, install, images, baseImage?.id);
  return project.layers.every(({ state }) => state === 'fresh') ? project : undefined;
}

type Found = readonly [
  inputs: LayerInputs,
  install: string,
  images: readonly LayerImage[],
  baseId: string | undefined,
  options?: Pick<ObserveOptions, 'dev' | 'refresh'>,
];

/** Pure part of the above. */
export function projectImages(...found: Found): ProjectImages {
  const facts = observed(...found);
  return withStates(facts, facts.wants === undefined ? [] : wantedLayers(found[0], facts.wants, facts.names));
}

async function judgeImages(app: App, ...found: Found): Promise<ProjectImages> {
  const facts = observed(...found);
  return withStates(facts, facts.wants === undefined ? [] : await wantedOnce(app.paths, found[0], facts.wants, facts.names));
}

function observed(...[inputs, install, images, baseId, options = {}]: Found) {
  const dev = options.dev || ofProject(inputs.project, 'l2-dev', images).length > 0;
  const names: readonly LayerName[] = ['l0', 'l1-cli', 'l2-cli', ...(dev ? (['l2-dev'] as const) : [])];
  const base: BaseFacts = { reference: inputs.base, bootstrap: inputs.bootstrap, id: baseId ?? recordedBase(inputs, images), present: baseId !== undefined };
  const stamped = currentRefresh(inputs, images);
  const refresh = { l0: options.refresh?.l0 ?? stamped.l0, l1: options.refresh?.l1 ?? stamped.l1 };
  const wants: WantedFacts | undefined = base.id === undefined ? undefined : { install, baseId: base.id, refresh };
  return { inputs, images, base, names, wants };
}

function withStates({ inputs, images, base, names }: ReturnType<typeof observed>, wanted: readonly WantedLayer[]): ProjectImages {
  return { project: inputs.project, base, wanted, layers: layerStates(names, { inputs, base, wanted, images }), images };
}

/** A base that a person removed after L0 was built from it has not changed. */
function recordedBase(inputs: LayerInputs, images: readonly LayerImage[]): string | undefined {
  const recorded = currentLayer('l0', inputs, images)?.base ?? images.find(({ base }) => base?.reference === inputs.base)?.base;
  return recorded?.reference === inputs.base ? recorded.id : undefined;
}

/** The image for a new container: the one that is wanted, else what the last build left. `undefined`: never built on this engine. */
export function topImage(project: ProjectImages, layer: LayerName = 'l2-cli'): LayerImage | undefined {
  return project.layers.find((state) => state.layer === layer)?.image;
}
