import type { ContainerDetails } from '../../engine/model.ts';
import { foreignContainer } from '../../containers/steps.ts';
import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { findContainer } from '../find-container.ts';
import { instanceContainer } from '../model.ts';
import { noInstance, readInstanceIfAny, listInstanceNames } from '../store.ts';
import { deleteInstance, startInstance, stopInstance } from '../verbs.ts';
import { type ContainerSettings, prepareService } from './prepare.ts';

/** The instance that a container's name stands for; its own name is taken too. */
export function instanceOf(name: string): string {
  return checkIdentifier('instance', name.startsWith('slipway-') ? name.slice('slipway-'.length) : name);
}

/** The container of that name, whoever made it. */
export async function readServiceContainer(app: App, instance: string): Promise<ContainerDetails | undefined> {
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  const engine = config === undefined ? await app.engine() : app.engineAt(config.engine);
  return engine.containers.inspect(instanceContainer(instance), { signal: app.signal });
}

export function containerExists(instance: string): SlipwayError {
  const name = instanceContainer(instance);
  return new SlipwayError('E_CONTAINER_EXISTS', `Container ${name} exists already.`, {
    hint:
      instance === 'opencode'
        ? 'Remove it with `slipway down`, which leaves its volumes, or start it as it is with `slipway up`.'
        : `Remove it with \`slipway instance delete ${instance}\`, or start it as it is with \`slipway instance start ${instance}\`.`,
  });
}

/** Makes the container, not started, and gives its id. */
export async function createServiceContainer(app: App, settings: ContainerSettings): Promise<string> {
  const { instance } = settings;
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  if (config !== undefined && (await findContainer(app, config)) !== undefined) throw containerExists(instance);
  await prepareService(app, settings);
  return containerId(app, instance);
}

export async function startServiceContainer(app: App, instance: string): Promise<void> {
  await change(app, startInstance, { instance, asIs: false });
}

export async function stopServiceContainer(app: App, instance: string, timeoutSeconds: number): Promise<void> {
  await change(app, stopInstance, { instance, timeoutSeconds });
}

/** `false`: there was none. The volumes stay. */
export async function removeServiceContainer(app: App, instance: string, force: boolean): Promise<boolean> {
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  if (config === undefined) {
    if ((await readServiceContainer(app, instance)) !== undefined) throw foreignContainer(instanceContainer(instance));
    return false;
  }
  const container = await findContainer(app, config);
  if (!force && (container?.state === 'running' || container?.state === 'paused')) {
    throw new SlipwayError('E_CONFLICT', `Container ${container.name} is ${container.state}.`, { hint: 'Stop it first, or remove it with `force`.' });
  }
  await change(app, deleteInstance, { instance, keepData: false, volumes: false });
  return container !== undefined;
}

/** E_NO_INSTANCE where it was removed meanwhile. */
export async function containerId(app: App, instance: string): Promise<string> {
  const container = await readServiceContainer(app, instance);
  if (container === undefined) throw noInstance(instance, await listInstanceNames(app.paths));
  return container.id;
}
