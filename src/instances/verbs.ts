import { ownFilter } from '../containers/labels.ts';
import { SlipwayError } from '../errors.ts';
import type { App, Verb } from '../operations/model.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { createInstance } from './create.ts';
import { type EditEnvWanted, editEnv } from './edit-env.ts';
import { editMounts } from './edit-mounts.ts';
import { findContainer } from './find-container.ts';
import type { InstanceRef } from './model.ts';
import { type InstanceObserved, observeForStart, observeInstance } from './observe.ts';
import {
  type DeleteOptions,
  isRestarted,
  leftoverNames,
  planDelete,
  planRestart,
  planStart,
  planStop,
  type RestartOptions,
  type StartOptions,
  standingOf,
} from './plan.ts';
import { removeVolumeStep } from './service/volumes.ts';
import { verbs as supervision } from './supervision/verbs.ts';
import { verbs as update } from './update/verbs.ts';

export { createInstance, editEnv, editMounts };
export type { EditEnvWanted };

/** A lock is a file: the name is checked before it makes a path. */
const instanceLock = ({ instance }: InstanceRef) => [`instance/${checkIdentifier('instance', instance)}`];

export interface StartWanted extends InstanceRef, StartOptions {}

/** Makes sure that it runs and is well: creates and starts only what is needed. */
export const startInstance: Verb<StartWanted, InstanceObserved> = {
  name: 'instance.start',
  locks: instanceLock,
  observe: (app, { instance }) => observeForStart(app, instance),
  plan: (observed, wanted) => planStart(observed, wanted),
  describe: ({ instance }) => `instance start ${instance}`,
};

export interface RestartWanted extends InstanceRef, RestartOptions {}

export const restartInstance: Verb<RestartWanted, InstanceObserved> = {
  name: 'instance.restart',
  locks: instanceLock,
  observe: (app, { instance }) => observeForStart(app, instance),
  plan: (observed, wanted) => planRestart(observed, wanted),
  reached: (observed, wanted) => isRestarted(observed, wanted) && standingOf(observed) === 'well',
  describe: ({ instance }) => `instance restart ${instance}`,
};

export interface StopWanted extends InstanceRef {
  /** Default: the instance's. */
  readonly timeoutSeconds?: number;
}

/** TERM, and KILL after the time; the container and all that it holds stay. */
export const stopInstance: Verb<StopWanted, InstanceObserved> = {
  name: 'instance.stop',
  locks: instanceLock,
  observe: (app, { instance }) => observeInstance(app, instance),
  plan: (observed, wanted) => planStop(observed, wanted),
  describe: ({ instance }) => `instance stop ${instance}`,
};

export interface DeleteWanted extends InstanceRef, DeleteOptions {
  /** Remove the volumes that were made for it, too. Default: where the data is not kept. */
  readonly volumes?: boolean;
}

type DeleteObserved = InstanceObserved & { readonly leftovers: readonly string[]; readonly volumes: readonly string[] };

/** Removes container, unit, folder, and the volumes that were made for it. */
export const deleteInstance: Verb<DeleteWanted, DeleteObserved | undefined> = {
  name: 'instance.delete',
  locks: ({ instance }) => ['instances', ...instanceLock({ instance })],
  async observe(app, { instance }) {
    try {
      return await observeForDelete(app, instance);
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'E_NO_INSTANCE') return undefined;
      throw error;
    }
  },
  plan(observed, { instance, keepData, volumes = !keepData }) {
    if (observed === undefined)
      throw new SlipwayError('E_NO_INSTANCE', `There is no instance \`${instance}\`.`, { hint: '`slipway instance status` shows the instances.' });
    const { steps } = planDelete(observed, { keepData });
    const removals = volumes ? observed.volumes.map((name) => removeVolumeStep(observed.config.engine, name, instance)) : [];
    // Before the files: as long as these are there, `delete` can be finished.
    return { steps: steps.flatMap((step) => (step.do === 'instance.remove-files' ? [...removals, step] : [step])) };
  },
  reached: (observed) => observed === undefined,
  describe: ({ instance }) => `instance delete ${instance}`,
};

async function observeForDelete(app: App, instance: string): Promise<DeleteObserved> {
  const observed = await observeInstance(app, instance);
  const { config } = observed;
  if (config.kind === 'process') return { ...observed, leftovers: [], volumes: [] };
  const found = await Promise.all(leftoverNames(instance).map((name) => findContainer(app, config, name)));
  const own = ownFilter(await app.installId(), 'instance', { instance });
  const volumes = await app.engineAt(config.engine).volumes.list({ labels: own, signal: app.signal });
  return {
    ...observed,
    leftovers: found.flatMap((container) => (container === undefined ? [] : [container.name])),
    volumes: volumes.map(({ name }) => name).sort(),
  };
}

const own = [createInstance, startInstance, restartInstance, stopInstance, deleteInstance, editEnv, editMounts] as readonly unknown[] as readonly Verb[];

export const verbs: readonly Verb[] = [...own, ...update, ...supervision];
