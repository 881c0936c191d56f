import { checkIdentity } from '../containers/check-identity.ts';
import { isOwn, label } from '../containers/labels.ts';
import { foreignContainer } from '../containers/steps.ts';
import type { ContainerDetails } from '../engine/model.ts';
import type { App } from '../operations/model.ts';
import { type InstanceConfig, instanceContainer } from './model.ts';

/** The instance's container of this name; default: the one that serves. `undefined`: its engine answered that there is none. Another's container of that name is E_NAME_TAKEN. */
export async function findContainer(app: App, config: InstanceConfig, name = instanceContainer(config.name)): Promise<ContainerDetails | undefined> {
  const engine = app.engineAt(config.engine);
  const found = await engine.containers.inspect(name, { signal: app.signal });
  if (found === undefined) {
    await checkIdentity(engine, config.engine, "this instance's container");
    return undefined;
  }
  if (!isOwn(found.labels, await app.installId(), 'instance') || found.labels[label.instance] !== config.name) throw foreignContainer(name);
  return found;
}
