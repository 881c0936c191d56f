import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAsRoot } from '../containers/remove-as-root.ts';
import type { EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Json, StepContext, StepKind } from '../operations/model.ts';
import { errorCode, isMissing, makeDirectory, stateError } from '../state/atomic.ts';
import { instanceData, instanceDir, instanceFile, instanceLogs, instanceSnapshots } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import type { InstanceStep } from './step-data.ts';

/** An instance's folder is made, and removed. */

export const prepare: StepKind = {
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

interface RemoveFilesStep extends InstanceStep {
  readonly keepData: boolean;
  /** The engine and an image on it, for files that only root in a container can remove. */
  readonly engine?: EngineRef & Json;
  readonly image?: string;
}

export const removeFiles: StepKind = {
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
export const forget: StepKind = {
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
export const removeMade: StepKind = {
  do: 'instance.remove-made',
  describe: (step) => `Remove what was made of instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, kept } = step as InstanceStep & { readonly kept: boolean };
    const directory = instanceDir(app.paths, instance);
    if (!kept) return removeTree(directory);
    for (const name of ['config.yml', '.env', 'state.json', '.version-history', 'snapshots', 'logs']) await removeTree(join(directory, name));
  },
};
