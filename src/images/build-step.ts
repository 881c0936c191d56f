import { join } from 'node:path';
import { label, ownLabels } from '../containers/labels.ts';
import type { Engine, Labels } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Step, StepContext, StepKind } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { buildDir } from '../state/paths.ts';
import { writeContext } from './context.ts';
import { joinInstructions, labelLine } from './dockerfile.ts';
import { buildOnHost, localName, withPinnedBase } from './from-base.ts';
import { readLayerInputs } from './inputs.ts';
import { listLayerImages } from './layer-image.ts';
import { type LayerInputs, type LayerName, layerBelow, layerTitle, type Refresh, type WantedLayer } from './model.ts';
import { findWanted } from './staleness.ts';
import { wantedLayers } from './wanted.ts';

/** Journaled as plain data; what it names is rendered again when it is carried out. */
interface LayerStep extends Step {
  readonly project: string;
  readonly layer: LayerName;
  readonly alias: string;
  readonly refresh: Record<string, string>;
  /** Absent where the base was not there yet when the build was planned. */
  readonly fingerprint?: string;
}

type BuildStep = LayerStep & { readonly why: string; readonly noCache?: true };

/** Builds one layer and tags it with its fingerprint. A finished one is left as it is, so that a build that was cut off goes on where it stopped. */
export const buildLayer: StepKind = {
  do: 'image.build',
  describe: (step) => `Build ${layerTitle((step as BuildStep).layer)} (${(step as BuildStep).alias}): ${(step as BuildStep).why}`,
  async apply(context, step) {
    const build = step as BuildStep;
    const { app } = context;
    const engine = await app.engine();
    const { inputs, layers, baseId } = await renderAgain(context, engine, build);
    const wanted = layers.find(({ layer }) => layer === build.layer) as WantedLayer;
    const images = await listLayerImages(engine, await app.installId(), app.signal);
    if (findWanted(wanted, inputs.project, images)) return;
    app.out.note(buildLayer.describe(step));
    const directory = join(buildDir(app.paths, inputs.project), build.layer);
    const labels = layerLabels(await app.installId(), context.operation, wanted, inputs, baseId);
    await writeContext(directory, { ...wanted.rendered, dockerfile: joinInstructions(wanted.rendered.dockerfile.trimEnd(), labelLine(labels)) });
    await withParent(context, { engine, build, layers, images, inputs, baseId }, (parent) =>
      buildOnHost(context, engine, {
        context: directory,
        tags: [wanted.tag],
        parent,
        network: inputs.network,
        npm: build.layer === 'l1-cli',
        ...(build.noCache ? { noCache: true } : {}),
      }),
    );
  },
};

/** Gives a layer the name that people see. */
export const nameLayer: StepKind = {
  do: 'image.name',
  describe: (step) => `Name it ${(step as LayerStep).alias}`,
  async apply(context, step) {
    const wantedStep = step as LayerStep;
    const engine = await context.app.engine();
    const { layers, inputs } = await renderAgain(context, engine, wantedStep);
    const wanted = layers.find(({ layer }) => layer === wantedStep.layer) as WantedLayer;
    const image = findWanted(wanted, inputs.project, await listLayerImages(engine, await context.app.installId(), context.app.signal));
    if (image === undefined) throw changedMeanwhile(wantedStep);
    await engine.images.tag(image.id, wantedStep.alias);
  },
};

async function renderAgain(
  { app }: StepContext,
  engine: Engine,
  step: LayerStep,
): Promise<{ inputs: LayerInputs; layers: readonly WantedLayer[]; baseId: string }> {
  const [project, install] = await Promise.all([resolveProject(app.paths, step.project), app.installId()]);
  const inputs = await readLayerInputs(app, project);
  const baseId = await baseImage(engine, inputs.base, install);
  const refresh: Refresh = { l0: step.refresh.l0, l1: step.refresh.l1 };
  const layers = wantedLayers(inputs, { install, baseId, refresh }, [step.layer]);
  const fingerprint = layers.find(({ layer }) => layer === step.layer)?.fingerprint;
  if (step.fingerprint !== undefined && fingerprint !== step.fingerprint) throw changedMeanwhile(step);
  return { inputs, layers, baseId };
}

async function baseImage(engine: Engine, reference: string, install: string): Promise<string> {
  const found = await engine.images.inspect(reference);
  if (found) return found.id;
  const recorded = (await listLayerImages(engine, install)).find(({ base }) => base?.reference === reference)?.base;
  if (recorded) return recorded.id;
  throw new SlipwayError('E_NO_IMAGE', `The base image ${reference} is not on this engine.`, { hint: `Get it with \`slipway image pull ${reference}\`.` });
}

function changedMeanwhile(step: LayerStep): SlipwayError {
  return new SlipwayError('E_BUILD_CHANGED', `The files that ${step.alias} is built from, or its base image, changed while it was being built.`, {
    hint: `Run \`slipway build ${step.project}\` again.`,
  });
}

interface ParentOf {
  readonly engine: Engine;
  readonly build: BuildStep;
  readonly layers: readonly WantedLayer[];
  readonly images: Parameters<typeof findWanted>[2];
  readonly inputs: LayerInputs;
  readonly baseId: string;
}

/** Hands over a reference that means exactly the parent that the fingerprint was made with, and that no registry is asked for. */
async function withParent(
  { operation }: StepContext,
  { engine, build, layers, images, inputs, baseId }: ParentOf,
  use: (reference: string) => Promise<unknown>,
): Promise<unknown> {
  const below = layerBelow[build.layer];
  if (below === undefined) return withPinnedBase(engine, operation, baseId, use);
  const wanted = layers.find(({ layer }) => layer === below) as WantedLayer;
  const parent = findWanted(wanted, inputs.project, images);
  if (parent === undefined)
    throw new SlipwayError('E_NO_IMAGE', `The layer ${wanted.alias} was removed while ${layerTitle(build.layer)} was being built.`, {
      hint: `Run \`slipway build ${inputs.project}\` again.`,
    });
  await engine.images.tag(parent.id, wanted.tag);
  return use(localName(engine, wanted.tag));
}

function layerLabels(install: string, operation: string, wanted: WantedLayer, inputs: LayerInputs, baseId: string): Labels {
  return {
    ...ownLabels(install, operation, 'layer', {
      layer: wanted.layer,
      fingerprint: wanted.fingerprint,
      parent: wanted.parent,
      parts: JSON.stringify(wanted.parts),
      ...(wanted.layer === 'l0' ? { base: `${inputs.base} ${baseId}` } : {}),
      ...(wanted.layer.startsWith('l2') ? { project: inputs.project } : {}),
    }),
    // Written even where there is none: a label of the layer below would shine through.
    [label.refresh]: wanted.refresh ?? '',
    ...(wanted.layer === 'l0' ? {} : { [label.base]: '' }),
  };
}
