import { instanceContainer, type InstanceConfig, type InstanceState } from '../model.ts';
import { SlipwayError } from '../../errors.ts';
import type { ContainerDetails } from '../../engine/model.ts';
import type { App, Verb } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { createContainerStep, loadImageStep, startContainerStep, stopContainerStep } from '../step-data.ts';
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

/**
 * What was cut off may have this process end, and wait for that: an uninstall stops its unit. So it is settled beside the keeper, where it
 * can be broken off, and never on the keeper's way.
 */
const refusesCutOff = true;
const locks = ({ instance }: Wanted) => [instanceLock(checkIdentifier('instance', instance))];
const runs = ({ container }: Observed) => container?.state === 'running' || container?.state === 'paused';

/** What a supervisor does about a container that has ended: the same one is started. Drift is a person's to apply. */
export const reviveInstance: Verb<Wanted, Observed> = {
  name: 'instance.revive',
  locks,
  refusesCutOff,
  observe,
  plan(seen) {
    if (seen.state.desired === 'stopped' || runs(seen)) return { steps: [] };
    const { config, state, container } = seen;
    const start = startContainerStep(config.engine, instanceContainer(config.name));
    if (container !== undefined) return { steps: [start] };
    if (state.digest === undefined) throw notMade(config.name);
    return { steps: [loadImageStep(config.name, config.engine, config.source, state.digest), createContainerStep(config, state.digest), start] };
  },
  reached: (seen) => seen.state.desired === 'stopped' || runs(seen),
  describe: ({ instance }) => `supervise ${instance}: start`,
};

/** What a supervisor does that is told to end: the service is still meant to run, whenever it is supervised again. */
export const restInstance: Verb<Wanted, Observed> = {
  name: 'instance.rest',
  locks,
  lockTimeoutMs: 500,
  refusesCutOff,
  observe,
  plan(seen) {
    const { name, engine, stopTimeoutSeconds } = seen.config;
    return { steps: runs(seen) ? [stopContainerStep(engine, instanceContainer(name), stopTimeoutSeconds)] : [] };
  },
  reached: (seen) => !runs(seen),
  describe: ({ instance }) => `supervise ${instance}: stop`,
};

function notMade(name: string): SlipwayError {
  return new SlipwayError('E_INSTANCE_NOT_MADE', `Instance ${name} has no container and has never had one.`, {
    hint: `\`slipway instance start ${name}\` makes it.`,
  });
}
