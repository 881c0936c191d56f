import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { label } from '../containers/labels.ts';
import { removeAsRoot } from '../containers/remove-as-root.ts';
import type { EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Json, Step, StepContext, StepKind } from '../operations/model.ts';
import { errorCode, isMissing, makeDirectory, readFileIfAny, stateError } from '../state/atomic.ts';
import { instanceData, instanceDir, instanceFile, instanceLogs, instanceSnapshots } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { editEnvFile, parseEnv } from './env-file.ts';
import { readEnvironment } from './environment.ts';
import { steps as health } from './health/steps.ts';
import { awaitHealthy } from './health/wait.ts';
import type { Watched } from './health/watched.ts';
import { appendHistory, isRecorded } from './history.ts';
import { instanceTag, provideImage, provideSameImage } from './image.ts';
import { keepLog } from './kept-logs.ts';
import type { HistoryEntry, InstanceConfig, InstanceSource, InstanceState } from './model.ts';
import { instanceSpec } from './spec.ts';
import { patchInstanceState, readInstance, readInstanceState, writeInstance } from './store.ts';
import { steps as supervision } from './supervision/steps.ts';
import { steps as update } from './update/steps.ts';
import { ensureMounted } from './volumes.ts';

/** A step's data as its builder in plan.ts wrote it. */
interface InstanceStep extends Step {
  readonly instance: string;
}

interface ContainerStep extends InstanceStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  readonly container: string;
}

const prepare: StepKind = {
  do: 'instance.prepare',
  describe: (step) => `Make folders of instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance } = step as InstanceStep;
    const directory = instanceDir(app.paths, instance);
    try {
      await makeDirectory(directory, 0o700);
      await chmod(directory, 0o700);
      for (const folder of [instanceData(app.paths, instance), instanceLogs(app.paths, instance)]) {
        // What a former instance left of its data stays as it is.
        if ((await mkdir(folder).then(() => true, existsAlready)) === false) continue;
        // Whoever the image's user is may write there; nobody else comes past the folder above.
        await chmod(folder, 0o777);
      }
      await makeDirectory(instanceSnapshots(app.paths, instance), 0o700);
    } catch (cause) {
      throw stateError('write', directory, cause);
    }
  },
};

function existsAlready(error: unknown): false {
  if (errorCode(error) === 'EEXIST') return false;
  throw error;
}

const writeConfig: StepKind = {
  do: 'instance.write-config',
  describe: (step) => `Write config.yml of instance ${(step as InstanceStep).instance}`,
  apply: ({ app }, step) => writeInstance(app.paths, configOf(step), app.person.home),
};

interface WriteEnvStep extends InstanceStep {
  /** Mode 0600, in the form of `.env`; it is removed by whoever wrote it. */
  readonly file?: string;
  readonly unset: readonly string[];
}

const writeEnv: StepKind = {
  do: 'instance.write-env',
  describe: (step) => `Write .env of instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, file, unset } = step as WriteEnvStep;
    const text = file === undefined ? '' : await readFileIfAny(file);
    if (text === undefined) {
      throw new SlipwayError('E_NO_FILE', `The values for .env of ${instance} are gone with the command that brought them.`, {
        hint: 'Run the command again.',
      });
    }
    await editEnvFile(app.paths, instance, parseEnv(file ?? '', text), unset);
  },
};

const dropHandedOver: StepKind = {
  do: 'instance.drop-handed-over',
  describe: (step) => `Forget the values that were handed over for ${(step as InstanceStep).instance}`,
  apply: (_context, step) => rm(String(step.file), { force: true }),
};

const setState: StepKind = {
  do: 'instance.set-state',
  describe: (step) => describeState((step as InstanceStep).instance, (step as unknown as { readonly state: Partial<InstanceState> }).state),
  apply: ({ app }, step) => patchInstanceState(app.paths, (step as InstanceStep).instance, step.state as Partial<InstanceState>),
};

function describeState(instance: string, { desired }: Partial<InstanceState>): string {
  return desired === undefined ? `Write down the state of ${instance}` : `Write down that ${instance} is to be ${desired}`;
}

interface LoadImageStep extends InstanceStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  readonly source: InstanceSource & { readonly [key: string]: Json };
  /** Id. */
  readonly image: string;
}

const loadImage: StepKind = {
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
const untagImages: StepKind = {
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

interface CreateContainerStep extends ContainerStep {
  /** Default: what config.yml says when the step is carried out. */
  readonly config?: Json;
  /** Id. Default: that of the version that serves. */
  readonly image?: string;
}

const createContainer: StepKind = {
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

const record: StepKind = {
  do: 'instance.record',
  describe: (step) => `Write down in the history of ${(step as InstanceStep).instance}: ${entryOf(step).outcome} ${entryOf(step).version}`,
  apply: ({ app, operation }, step) => appendHistory(app.paths, (step as InstanceStep).instance, entryOf(step), operation),
  isDone: ({ app, operation }, step) => isRecorded(app.paths, (step as InstanceStep).instance, operation),
};

const entryOf = (step: Step) => step.entry as unknown as HistoryEntry;

/** What a container wrote goes with it: `logs` shows it all the same. */
const keepLogs: StepKind = {
  do: 'instance.keep-log',
  describe: (step) => `Keep what container ${(step as ContainerStep).container} wrote`,
  async apply({ app }, step) {
    const { instance, engine, container } = step as ContainerStep;
    await keepLog(app, app.engineAt(engine), instance, container);
  },
};

const started: StepKind = {
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
const halt: StepKind = {
  do: 'instance.halt',
  describe: (step) => `Stop container ${(step as ContainerStep).container}`,
  async apply({ app }, step) {
    const { engine: ref, container } = step as ContainerStep;
    const engine = app.engineAt(ref);
    if ((await engine.containers.inspect(container)) !== undefined) await engine.containers.stop(container);
  },
};

interface RemoveFilesStep extends InstanceStep {
  readonly keepData: boolean;
  /** The engine and an image on it, for files that only root in a container can remove. */
  readonly engine?: EngineRef & Json;
  readonly image?: string;
}

const removeFiles: StepKind = {
  do: 'instance.remove-files',
  describe: (step) => `Remove ${(step as RemoveFilesStep).keepData ? 'all files but the data' : 'the files'} of instance ${(step as InstanceStep).instance}`,
  async apply(context, step) {
    const { app } = context;
    const { instance, keepData, engine, image } = step as RemoveFilesStep;
    const directory = instanceDir(app.paths, instance);
    const names = await readdir(directory).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw stateError('read', directory, cause);
    });
    // As long as there is a config.yml, what could not be removed is an instance's, and `delete` can be run again.
    const isTheirs = (name: string) => /^(?:data|logs)/.test(name);
    const first = names.filter((name) => isTheirs(name) && !(keepData && name === 'data'));
    for (const name of [...first, ...names.filter((one) => one !== 'config.yml' && !isTheirs(one))]) {
      await removeForeign(context, { instance, path: join(directory, name), engine, image });
    }
  },
};

/** The last of a delete. */
const forget: StepKind = {
  do: 'instance.forget',
  describe: (step) => `Forget instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, keepData } = step as RemoveFilesStep;
    await removeTree(keepData ? instanceFile(app.paths, instance) : instanceDir(app.paths, instance));
  },
};

interface ForeignTree {
  readonly instance: string;
  readonly path: string;
  readonly engine: EngineRef | undefined;
  readonly image: string | undefined;
}

/** A container may have written as another user what this person may not remove: root of a container may. */
async function removeForeign({ app, operation }: StepContext, { instance, path, engine: ref, image }: ForeignTree): Promise<void> {
  try {
    return await removeTree(path);
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'E_REMOVE_FOREIGN') || ref === undefined || image === undefined) throw error;
    const engine = app.engineAt(ref);
    if ((await engine.images.inspect(image)) === undefined) throw error;
    try {
      await removeAsRoot(app, engine, operation, { image, directory: path, kind: 'instance', extra: { instance } });
    } catch (cause) {
      // An image without a shell cannot do it; the first error tells what a person can.
      if (cause instanceof SlipwayError && cause.code === 'E_ENGINE') throw error;
      throw cause;
    }
    await removeTree(path);
  }
}

/** Config files and the rest of what `instance create` began; what was there before, such as data that was kept, stays. */
const removeMade: StepKind = {
  do: 'instance.remove-made',
  describe: (step) => `Remove what was made of instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, kept } = step as InstanceStep & { readonly kept: boolean };
    const directory = instanceDir(app.paths, instance);
    if (!kept) return removeTree(directory);
    for (const name of ['config.yml', '.env', 'state.json', '.version-history', 'snapshots', 'logs']) await removeTree(join(directory, name));
  },
};

function configOf(step: Step): InstanceConfig {
  return step.config as unknown as InstanceConfig;
}

const own = [
  prepare,
  writeConfig,
  writeEnv,
  dropHandedOver,
  setState,
  loadImage,
  untagImages,
  createContainer,
  record,
  keepLogs,
  started,
  halt,
  removeFiles,
  forget,
  removeMade,
];

export const steps: readonly StepKind[] = [...own, ...health, ...update, ...supervision];
