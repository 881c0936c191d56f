import type { ContainerDetails } from '../engine/model.ts';
import type { App } from '../operations/model.ts';
import { driftOf } from './drift.ts';
import { readEnvFile } from './env-file.ts';
import { findContainer } from './find-container.ts';
import { checkOnce, type HealthNow } from './health/check-once.ts';
import { watchedOf } from './health/watched.ts';
import { findImage } from './image.ts';
import type { Drift, InstanceConfig, InstanceState } from './model.ts';
import { instanceContainer } from './model.ts';
import { servedBy } from './serving.ts';
import { readInstance, readInstanceState } from './store.ts';
import { runningProcess, type SupervisedProcess } from './supervision/file.ts';
import { type UnitObserved, observeUnit } from './units/units.ts';

/** What is true of an instance now: its files, its container, its unit. */
export interface InstanceObserved {
  readonly config: InstanceConfig;
  readonly state: InstanceState;
  /** `undefined`: the engine answered that there is none, or it is a process. */
  readonly container: ContainerDetails | undefined;
  /** Of a process: its program, where it runs. */
  readonly program: SupervisedProcess | undefined;
  /** Empty where there is no container: the next one is made from what is configured. */
  readonly drift: readonly Drift[];
  /** Names that `.env` has to have and has not. */
  readonly missingSecrets: readonly string[];
  readonly unit: UnitObserved;
  /** When it was observed, ISO 8601. */
  readonly at: string;
  /** Asked only where a running one may have to be started. */
  readonly health?: HealthNow;
  /** Of the image for a new container, asked only where one may have to be made. `undefined`: it has to be loaded first. */
  readonly image?: string | undefined;
}

/** Reads the instance's files and asks its engine. An engine that does not answer throws. */
export async function observeInstance(app: App, instance: string): Promise<InstanceObserved> {
  const config = await readInstance(app.paths, instance, app.person.home);
  const isProcess = config.kind === 'process';
  const [state, secret, container, program, unit] = await Promise.all([
    readInstanceState(app.paths, instance),
    readEnvFile(app.paths, instance),
    isProcess ? undefined : findContainer(app, config),
    isProcess ? runningProcess(app.paths, instance) : undefined,
    observeUnit(app, instance),
  ]);
  return {
    config,
    state,
    container,
    program,
    drift: container === undefined ? [] : driftOf(config, { secret, salt: state.salt, labels: container.labels }),
    missingSecrets: config.requiredSecrets.filter((name) => secret[name] === undefined),
    unit,
    at: app.clock.now().toISOString(),
  };
}

/** With what a start needs to know beside. */
export async function observeForStart(app: App, instance: string): Promise<InstanceObserved> {
  const found = await observeInstance(app, instance);
  const { config, container, program } = found;
  const engine = app.engineAt(config.engine);
  if (container?.state === 'running' || program !== undefined)
    return { ...found, health: await checkOnce(app, engine, watchedOf(servedBy(config, container), instanceContainer(instance))) };
  if (container !== undefined || config.kind === 'process') return found;
  return { ...found, image: found.state.digest ?? (await findImage(app, engine, config.source)) };
}

export interface CreateWanted {
  /** Checked by `draftInstance`; nothing in it is secret. */
  readonly config: InstanceConfig;
  /** Id of its image on its engine; of a process none. */
  readonly image?: string;
  /** Of the version: the image's id, or of a process the release's digest. */
  readonly digest: string;
  /** Values for `.env`, mode 0600: the command that wrote it removes it. */
  readonly secretsFile?: string;
}

export interface CreateObserved extends CreateWanted {
  readonly exists: boolean;
  /** There is a folder of that name, with data that a deleted instance left. */
  readonly kept: boolean;
  readonly at: string;
  readonly person: string;
}
