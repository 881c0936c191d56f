import { isIP } from 'node:net';
import type { ContainerDetails } from '../../engine/model.ts';
import { SlipwayError, usageError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { Secret } from '../../state/secret.ts';
import { findContainer } from '../find-container.ts';
import { type InstanceConfig, instanceContainer } from '../model.ts';
import { readInstanceIfAny } from '../store.ts';

export interface ContainerSettings {
  readonly instance: string;
  readonly image: string | undefined;
  readonly port: number | undefined;
  readonly address: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

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

export async function createServiceContainer(_app: App, _settings: ContainerSettings): Promise<string> {
  throw new Error('not there yet');
}
export async function startServiceContainer(_app: App, _instance: string): Promise<void> {
  throw new Error('not there yet');
}
export async function stopServiceContainer(_app: App, _instance: string, _timeoutSeconds: number): Promise<void> {
  throw new Error('not there yet');
}
export async function removeServiceContainer(_app: App, _instance: string, _force: boolean): Promise<boolean> {
  throw new Error('not there yet');
}
