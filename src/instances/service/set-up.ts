import { change } from '../../operations/change.ts';
import type { App, Changed } from '../../operations/model.ts';
import { readEnvFile } from '../env-file.ts';
import { findContainer } from '../find-container.ts';
import { type InstanceConfig, instanceContainer, versionOf } from '../model.ts';
import { readInstance, readInstanceIfAny } from '../store.ts';
import { startInstance } from '../verbs.ts';
import { containerExists, containerId } from './container.ts';
import type { ContainerSettings } from './prepare.ts';
import { prepareService } from './prepare.ts';

export type SetUp =
  /** `--dry-run`. */
  | { readonly did: 'planned'; readonly changed: Changed<unknown>; readonly thenStarts: boolean }
  | {
      readonly did: 'nothing' | 'started' | 'created';
      readonly id: string;
      readonly container: string;
      readonly config: InstanceConfig;
      readonly version: string;
    };

/** Makes sure that it runs and is well: makes and starts only what is needed. E_CONTAINER_EXISTS where the one that is there is another than what is wanted. */
export async function setUpService(app: App, settings: ContainerSettings): Promise<SetUp> {
  const { instance } = settings;
  const made = await ensureMade(app, settings);
  if (app.dryRun && made !== undefined) return { did: 'planned', changed: made, thenStarts: true };
  const started = await change(app, startInstance, { instance, asIs: false });
  if (app.dryRun) return { did: 'planned', changed: started, thenStarts: false };
  const config = await readInstance(app.paths, instance, app.person.home);
  const did = made !== undefined ? 'created' : started.plan.steps.some((step) => step.do === 'container.start') ? 'started' : 'nothing';
  return { did, id: await containerId(app, instance), container: instanceContainer(instance), config, version: versionOf(config) };
}

/** `undefined`: it is there, and as it is wanted. */
async function ensureMade(app: App, settings: ContainerSettings): Promise<Changed<unknown> | undefined> {
  const { instance } = settings;
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  if (config !== undefined) {
    if (await isAsWanted(app, config, settings)) return undefined;
    if ((await findContainer(app, config)) !== undefined) throw containerExists(instance);
  }
  return (await prepareService(app, settings)).changed;
}

/** What was not asked for may be anything. */
async function isAsWanted(app: App, config: InstanceConfig, { image, port, address, env }: ContainerSettings): Promise<boolean> {
  if (port !== undefined && port !== config.port) return false;
  if (address !== undefined && address !== config.address) return false;
  if (image !== undefined && image !== versionOf(config)) return false;
  if (env === undefined) return true;
  const secrets = await readEnvFile(app.paths, config.name);
  return Object.entries(env).every(([name, value]) => secrets[name]?.reveal() === value);
}
