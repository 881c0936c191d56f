import { join } from 'node:path';
import type { App, Step, StepKind, Verb } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { buildDir } from '../state/paths.ts';
import { writeContext } from './context.ts';
import { readLayerInputs } from './inputs.ts';
import { type LayerInputs, type LayerName, layerBelow } from './model.ts';
import { layerAlias } from './names.ts';
import { renderLayer } from './render.ts';

const layers: readonly LayerName[] = ['l0', 'l1-cli', 'l2-cli', 'l2-dev'];

export interface GenerateWanted {
  readonly project: string;
  /** Absolute; `undefined`: `build/<project>/` of the state directory. */
  readonly out: string | undefined;
}

export interface GenerateState {
  readonly directory: string;
}

/** Writes Dockerfiles and contexts that can be read, and built by hand. Asks no engine. */
export const generateProject: Verb<GenerateWanted, GenerateState> = {
  name: 'image.generate',
  locks: ({ project }) => [`build/project-${checkIdentifier('project', project)}`],
  describe: ({ project }) => `write the Dockerfiles of ${project}`,
  async observe(app, wanted) {
    await readInputs(app, wanted.project);
    return { directory: wanted.out ?? buildDir(app.paths, wanted.project) };
  },
  plan: ({ directory }, { project }) => ({ steps: layers.map((layer) => ({ do: 'image.render', project, layer, directory })) }),
};

interface RenderStep extends Step {
  readonly project: string;
  readonly layer: LayerName;
  readonly directory: string;
}

export const renderStep: StepKind = {
  do: 'image.render',
  describe: (step) => `Write ${join((step as RenderStep).directory, (step as RenderStep).layer)}/`,
  async apply({ app }, step) {
    const { project, layer, directory } = step as RenderStep;
    const inputs = await readInputs(app, project);
    // A build rendered the same text here; the hint on top is for people and is no part of the layer.
    await writeContext(join(directory, layer), renderLayer(layer, inputs, undefined), byHand(layer, inputs));
  },
};

async function readInputs(app: App, project: string): Promise<LayerInputs> {
  return readLayerInputs(app, await resolveProject(app.paths, project));
}

function byHand(layer: LayerName, inputs: LayerInputs): readonly string[] {
  const below = layerBelow[layer];
  const parent = below === undefined ? inputs.base : layerAlias(below, inputs);
  return [`By hand: docker build --build-arg SLIPWAY_PARENT=${parent} --tag ${layerAlias(layer, inputs)} .`];
}
