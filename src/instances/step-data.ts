import type { EngineRef } from '../engine/model.ts';
import type { Json, Step } from '../operations/model.ts';
import { watchedOf } from './health/watched.ts';
import { type HistoryEntry, type InstanceConfig, instanceContainer, type InstanceSource, type InstanceState } from './model.ts';

/** The steps that instances have of their own, as data: the kinds that steps.ts lists carry them out. */

/** A step's data as its builder wrote it. */
export interface InstanceStep extends Step {
  readonly instance: string;
}

const json = (value: unknown): Json => value as Json;

export const prepareStep = (instance: string): Step => ({ do: 'instance.prepare', instance });

export const writeConfigStep = (config: InstanceConfig): Step => ({ do: 'instance.write-config', instance: config.name, config: json(config) });

/** `file`: mode 0600, in the form of `.env`, written before; the values are never in the step. */
export const writeEnvStep = (instance: string, file: string | undefined, unset: readonly string[] = []): Step => ({
  do: 'instance.write-env',
  instance,
  ...(file === undefined ? {} : { file }),
  unset,
});

/** Also where the command that wrote the file was killed. */
export const dropHandedOverStep = (instance: string, file: string): Step => ({ do: 'instance.drop-handed-over', instance, file });

/** `null` takes a key away. */
export const setStateStep = (instance: string, state: { readonly [Key in keyof InstanceState]?: InstanceState[Key] | null }): Step => ({
  do: 'instance.set-state',
  instance,
  state: json(state),
});

/** `image`: the id that the container is made from. */
export const loadImageStep = (instance: string, engine: EngineRef, source: InstanceSource, image: string): Step => ({
  do: 'instance.load-image',
  instance,
  engine: json(engine),
  source: json(source),
  image,
});

/** `keep`: ids of images that the instance runs or can go back to. */
export const untagImagesStep = (instance: string, engine: EngineRef, keep: readonly string[]): Step => ({
  do: 'instance.untag-images',
  instance,
  engine: json(engine),
  keep,
});

/** Reads `.env` when it is carried out. Default: under the name of the one that serves. */
export const createContainerStep = (config: InstanceConfig, image: string, container = instanceContainer(config.name)): Step => ({
  do: 'instance.create-container',
  instance: config.name,
  engine: json(config.engine),
  container,
  image,
  config: json(config),
});

/** Of a step that `writeConfigStep` or `createContainerStep` built. */
export const configOf = (step: Step): InstanceConfig => step.config as unknown as InstanceConfig;

export const recordStep = (instance: string, entry: HistoryEntry): Step => ({ do: 'instance.record', instance, entry: json(entry) });

/** Before a container is removed for good. */
export const keepLogStep = (instance: string, engine: EngineRef, container: string): Step => ({
  do: 'instance.keep-log',
  instance,
  engine: json(engine),
  container,
});

export const startContainerStep = (engine: EngineRef, container: string): Step => ({ do: 'container.start', engine: json(engine), container });

export const stopContainerStep = (engine: EngineRef, container: string, timeoutSeconds?: number): Step => ({
  do: 'container.stop',
  engine: json(engine),
  container,
  ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
});

/** Waits until what was started is well; where it does not become so, it is to be stopped, and `halt` stops it. */
export const startedStep = (config: InstanceConfig, halt: Step): Step => ({
  do: 'instance.started',
  instance: config.name,
  watched: json(watchedOf(config, instanceContainer(config.name))),
  halt: json(halt),
});

/** Stops it where it is there. */
export const haltStep = (instance: string, engine: EngineRef, container: string): Step => ({ do: 'instance.halt', instance, engine: json(engine), container });

export const removeContainerStep = (engine: EngineRef, container: string): Step => ({ do: 'container.remove', engine: json(engine), container });

export const removeMadeContainersStep = (engine: EngineRef): Step => ({ do: 'container.remove-made', engine: json(engine) });
