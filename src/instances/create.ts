import type { App, Verb } from '../operations/model.ts';
import { SlipwayError } from '../errors.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { isThere } from '../state/is-there.ts';
import { instanceDir } from '../state/paths.ts';
import { type InstanceConfig, instanceContainer } from './model.ts';
import type { CreateObserved, CreateWanted } from './observe.ts';
import { planCreate } from './plan.ts';
import { checkPort, instancePorts, publishedPorts } from './ports.ts';
import { readInstanceIfAny } from './store.ts';

/** What may have changed since the draft is looked at again, under the locks. */
export const createInstance: Verb<CreateWanted, CreateObserved> = {
  name: 'instance.create',
  locks: ({ config }) => ['instances', `instance/${checkIdentifier('instance', config.name)}`],
  async observe(app, wanted) {
    const { config } = wanted;
    const exists = (await readInstanceIfAny(app.paths, config.name, app.person.home)) !== undefined;
    if (!exists) await checkPlace(app, config);
    return { ...wanted, exists, kept: await isThere(instanceDir(app.paths, config.name)), at: app.clock.now().toISOString(), person: app.person.name };
  },
  plan(observed) {
    if (observed.exists) throw instanceExists(observed.config.name);
    return planCreate(observed);
  },
  reached: ({ exists }) => exists,
  describe: ({ config }) => `instance create ${config.name}`,
};

/** Its container's name and its port are free. Throws E_NAME_TAKEN, E_PORT_TAKEN. */
export async function checkPlace(app: App, config: InstanceConfig, { port = true } = {}): Promise<void> {
  const engine = app.engineAt(config.engine);
  const [held, published, container] = await Promise.all([
    instancePorts(app.paths, config.name),
    config.kind === 'process' ? new Set<number>() : publishedPorts(engine, app.signal),
    config.kind === 'process' ? undefined : engine.containers.inspect(instanceContainer(config.name), { signal: app.signal }),
  ]);
  if (container !== undefined) {
    throw new SlipwayError('E_NAME_TAKEN', `A container named ${container.name} exists already, and no instance of Slipway has it.`, {
      hint: `Choose another name for the instance, or remove or rename that container with your engine. Slipway leaves it alone.`,
    });
  }
  if (port) await checkPort(config.address, config.port, new Set([...held, ...published]));
}

export function instanceExists(name: string): SlipwayError {
  return new SlipwayError('E_INSTANCE_EXISTS', `There is an instance \`${name}\` already.`, {
    hint: `\`slipway instance status ${name}\` shows it; \`slipway instance update ${name} --version VERSION\` gives it another version.`,
  });
}
