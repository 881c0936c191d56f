import { label } from '../containers/labels.ts';
import type { EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Json, Step, StepKind } from '../operations/model.ts';
import { readEnvironment } from './environment.ts';
import { awaitHealthy } from './health/wait.ts';
import type { Watched } from './health/watched.ts';
import { instanceTag, provideImage, provideSameImage } from './image.ts';
import { keepLog } from './kept-logs.ts';
import type { InstanceSource } from './model.ts';
import { instanceSpec } from './spec.ts';
import { configOf, type InstanceStep } from './step-data.ts';
import { patchInstanceState, readInstance, readInstanceState } from './store.ts';
import { ensureMounted } from './volumes.ts';

/** An instance's container, and the image that it is made from. */

interface LoadImageStep extends InstanceStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  readonly source: InstanceSource & { readonly [key: string]: Json };
  /** Id. */
  readonly image: string;
}

export const loadImage: StepKind = {
  do: 'instance.load-image',
  describe: (step) => `See to the image of ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, engine: ref, source, image } = step as LoadImageStep;
    const engine = app.engineAt(ref);
    await provideSameImage(app, engine, { instance, source, image });
    await engine.images.tag(image, instanceTag(instance, image), { signal: app.signal });
  },
};

interface UntagImagesStep extends InstanceStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  /** Ids of those that stay. */
  readonly keep: readonly string[];
}

/** Takes the instance's own tags off images that it cannot go back to any more; an image goes with its last tag. */
export const untagImages: StepKind = {
  do: 'instance.untag-images',
  describe: (step) => `Let go of images that ${(step as InstanceStep).instance} does not need any more`,
  async apply({ app }, step) {
    const { instance, engine: ref, keep } = step as UntagImagesStep;
    const engine = app.engineAt(ref);
    const prefix = `slipway-instance/${instance}:`;
    const kept = new Set(keep.map((image) => instanceTag(instance, image)));
    for (const { tags } of await engine.images.list({ reference: `slipway-instance/${instance}`, signal: app.signal })) {
      for (const tag of tags.filter((one) => one.startsWith(prefix) && !kept.has(one))) await engine.images.remove(tag).catch(ignoreInUse);
    }
  },
};

function ignoreInUse(error: unknown): void {
  if (!(error instanceof SlipwayError && error.code === 'E_IN_USE')) throw error;
}

interface ContainerStep extends InstanceStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  readonly container: string;
}

interface CreateContainerStep extends ContainerStep {
  /** Default: what config.yml says when the step is carried out. */
  readonly config?: Json;
  /** Id. Default: that of the version that serves. */
  readonly image?: string;
}

export const createContainer: StepKind = {
  do: 'instance.create-container',
  describe: (step) => `Create container ${(step as ContainerStep).container}`,
  async apply({ app, operation }, step) {
    const { instance, container, engine: ref, image: wanted, config: given } = step as CreateContainerStep;
    const engine = app.engineAt(ref);
    const config = given === undefined ? await readInstance(app.paths, instance, app.person.home) : configOf(step);
    const [install, environment, { salt, digest }] = await Promise.all([
      app.installId(),
      readEnvironment(app.paths, config),
      readInstanceState(app.paths, instance),
    ]);
    const image = wanted ?? digest ?? (await provideImage(app, engine, config.source));
    const spec = instanceSpec(config, { paths: app.paths, install, image, environment, salt, container });
    await ensureMounted(engine, config.mounts, { install, operation, instance, signal: app.signal });
    await engine.containers.create({ ...spec, labels: { ...spec.labels, [label.op]: operation } }, { signal: app.signal });
  },
};

/** What a container wrote goes with it: `logs` shows it all the same. */
export const keepLogs: StepKind = {
  do: 'instance.keep-log',
  describe: (step) => `Keep what container ${(step as ContainerStep).container} wrote`,
  async apply({ app }, step) {
    const { instance, engine, container } = step as ContainerStep;
    await keepLog(app, app.engineAt(engine), instance, container);
  },
};

export const started: StepKind = {
  do: 'instance.started',
  describe: (step) => `Wait until ${(step as InstanceStep).instance} is well`,
  async apply(context, step) {
    const { app } = context;
    const { instance, watched, halt: stop } = step as unknown as { readonly instance: string; readonly watched: Watched; readonly halt: Step };
    try {
      await awaitHealthy(app, app.engineAt(watched.engine), watched);
    } catch (error) {
      if (!(error instanceof SlipwayError && ['E_HEALTH_TIMEOUT', 'E_INSTANCE_EXITED'].includes(error.code))) throw error;
      await patchInstanceState(app.paths, instance, { desired: 'stopped' });
      await (await app.registry.stepKind(stop.do)).apply(context, stop);
      throw error;
    }
  },
};

/** Undoes a start, also one that failed before there was a container. */
export const halt: StepKind = {
  do: 'instance.halt',
  describe: (step) => `Stop container ${(step as ContainerStep).container}`,
  async apply({ app }, step) {
    const { engine: ref, container } = step as ContainerStep;
    const engine = app.engineAt(ref);
    if ((await engine.containers.inspect(container)) !== undefined) await engine.containers.stop(container);
  },
};
