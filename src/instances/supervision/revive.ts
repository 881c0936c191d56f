import { instanceContainer, type InstanceConfig, type InstanceState } from '../model.ts';
import type { ContainerDetails } from '../../engine/model.ts';
import type { App, Step, Verb } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { readInstance, readInstanceState } from '../store.ts';
import { instanceLock } from './request.ts';

interface Wanted {
  readonly instance: string;
}

interface Observed {
  readonly config: InstanceConfig;
  readonly state: InstanceState;
  readonly container: ContainerDetails | undefined;
}

async function observe(app: App, { instance }: Wanted): Promise<Observed> {
  const [config, state] = await Promise.all([readInstance(app.paths, instance, app.person.home), readInstanceState(app.paths, instance)]);
  return { config, state, container: await app.engineAt(config.engine).containers.inspect(instanceContainer(instance)) };
}

const locks = ({ instance }: Wanted) => [instanceLock(checkIdentifier('instance', instance))];
const runs = ({ container }: Observed) => container?.state === 'running' || container?.state === 'paused';

/** What a supervisor does about a container that has ended: the same one is started. Drift is a person's to apply. */
export const reviveInstance: Verb<Wanted, Observed> = {
  name: 'instance.revive',
  locks,
  observe,
  plan(seen) {
    if (seen.state.desired === 'stopped' || runs(seen)) return { steps: [] };
    const { name: instance, engine } = seen.config;
    const container = instanceContainer(instance);
    const create: Step = { do: 'instance.create-container', instance, container, engine: { ...engine } };
    return { steps: [...(seen.container === undefined ? [create] : []), { do: 'container.start', engine: { ...engine }, container }] };
  },
  reached: (seen) => seen.state.desired === 'stopped' || runs(seen),
  describe: ({ instance }) => `supervise ${instance}: start`,
};

/** What a supervisor does that is told to end: the service is still meant to run, whenever it is supervised again. */
export const restInstance: Verb<Wanted, Observed> = {
  name: 'instance.rest',
  locks,
  lockTimeoutMs: 500,
  observe,
  plan(seen) {
    const { name: instance, engine, stopTimeoutSeconds } = seen.config;
    if (!runs(seen)) return { steps: [] };
    return { steps: [{ do: 'container.stop', engine: { ...engine }, container: instanceContainer(instance), timeoutSeconds: stopTimeoutSeconds }] };
  },
  reached: (seen) => !runs(seen),
  describe: ({ instance }) => `supervise ${instance}: stop`,
};
