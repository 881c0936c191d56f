// Longer than other files: it is the whole of `slipway/service`, and is read as one.
import { createApp } from './app/create-app.ts';
import type { ContainerState, PullProgress } from './engine/model.ts';
import { CONTAINER_NAME, IMAGE_NAME, REGISTRY_IMAGE_NAME, SERVICE, VOLUME_NAMES } from './instances/service/constants.ts';
import {
  createServiceContainer,
  instanceOf,
  readServiceContainer,
  removeServiceContainer,
  startServiceContainer,
  stopServiceContainer,
} from './instances/service/container.ts';
import { buildServiceImage } from './instances/service/image-build.ts';
import type { ContainerSettings } from './instances/service/prepare.ts';
import { imageIdOf, pullServiceImage } from './instances/service/image.ts';
import { setUpService } from './instances/service/set-up.ts';
import { ensureServiceVolumes, readVolume, removeServiceVolumes } from './instances/service/volume-calls.ts';
import type { App } from './operations/model.ts';

/**
 * OpenCode's server in a container that keeps its data: what `slipway up` and `slipway down` do, as functions.
 *
 * Every function opens the person's own install of Slipway, as the program does: the same folders (`SLIPWAY_STATE_DIR` and its
 * like, else the XDG ones), engine, locks and journal. So a container that is made here is an instance of that install, which
 * `slipway instance status` shows, and one that `slipway up` made is found here. Everything made carries this install's labels,
 * and nothing without them is ever removed or changed: a container or volume of the same name that somebody else made is
 * E_NAME_TAKEN.
 *
 * A container's name is `slipway-<instance>`; the instance's name alone is taken too. Another instance than `opencode` has volumes of
 * its own, named after it.
 *
 * Everything throws `SlipwayError` (`code`, `message`, `hint`). Beside those named at a function: E_ENGINE_NONE,
 * E_ENGINE_UNREACHABLE, E_ENGINE_PERMISSION, E_ENGINE_TIMEOUT, E_ENGINE where the engine does not answer or refuses: that is
 * never taken for "there is none". E_INSTALL_FOREIGN where the state was copied from elsewhere; E_BAD_ID for a name that no
 * instance can have; E_BUSY where another process holds the same thing for too long.
 */
export {
  CONTAINER_NAME,
  CONTAINER_PORT,
  DEFAULT_ADDRESS,
  DEFAULT_PORT,
  IMAGE_NAME,
  MOUNT_POINTS,
  REGISTRY_IMAGE_NAME,
  VOLUME_NAMES,
  WORKING_DIR,
} from './instances/service/constants.ts';
export { SlipwayError } from './errors.ts';
export type { ContainerState, PullProgress } from './engine/model.ts';

/** What every function takes. */
export interface ServiceOptions {
  /** `auto`, `docker`, `podman` or a URL (`unix://`, `tcp://`, `ssh://`). Default: what the program would use. */
  readonly engine?: string;
  /** Variables that decide on folders and engine, as they do for the program. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Interrupts: what was begun is settled by the next call. */
  readonly signal?: AbortSignal;
  /** What the program would print on standard error: a line that stays. Default: nowhere. */
  readonly onMessage?: (text: string) => void;
}

export interface BuildImageOptions extends ServiceOptions {
  /** Without the builder's cache, and with the base image pulled again. Default false. */
  readonly fullRebuild?: boolean;
  /** The builder's own output, as it comes. */
  readonly onProgress?: (text: string) => void;
}

export interface PullImageOptions extends ServiceOptions {
  /** Reference. Default `REGISTRY_IMAGE_NAME`. */
  readonly image?: string;
  /** Called for each thing that the engine tells of a layer; sizes in bytes. */
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface CreateContainerOptions extends ServiceOptions {
  /** `slipway-<instance>`, or the instance's name. Default `CONTAINER_NAME`. */
  readonly name?: string;
  /** Reference of an image that is on the engine. Default: `IMAGE_NAME` where it was built here, else `REGISTRY_IMAGE_NAME`. */
  readonly image?: string;
  /** TCP port on the host, 1 to 65535. Default `DEFAULT_PORT`. */
  readonly port?: number;
  /** IP address on the host. Default `DEFAULT_ADDRESS`; with another one everybody who reaches the machine reaches the server. */
  readonly address?: string;
  /** Variables of the server, such as its providers' keys. They are kept in the instance's `.env` (0600) and stand in no journal. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface StopContainerOptions extends ServiceOptions {
  /** Seconds between TERM and KILL. Default 10. */
  readonly timeoutSeconds?: number;
}

export interface RemoveContainerOptions extends ServiceOptions {
  /** Also where it runs: it is stopped first. Default false. */
  readonly force?: boolean;
}

/** Makes those of the three volumes (`VOLUME_NAMES`) that are missing, and gives the names of those that it made. Idempotent. E_NAME_TAKEN. */
export function ensureVolumesExist(options: ServiceOptions = {}): Promise<readonly string[]> {
  return withApp('ensureVolumesExist', options, (app) => ensureServiceVolumes(app, SERVICE));
}

/** Whether the engine has a volume of that name, whoever made it. */
export function volumeExists(name: string, options: ServiceOptions = {}): Promise<boolean> {
  return withApp('volumeExists', options, async (app) => (await readVolume(app, name)) !== undefined);
}

/** Removes a volume and what is in it, for good. `false`: there was none. E_IN_USE where a container has it, running or not; E_NAME_TAKEN. */
export function removeVolume(name: string, options: ServiceOptions = {}): Promise<boolean> {
  return withApp('removeVolume', options, async (app) => (await removeServiceVolumes(app, [name])).length > 0);
}

/** Removes the three volumes and what is in them, for good, or none of them; gives those that there were. E_IN_USE, E_NAME_TAKEN. */
export function removeAllVolumes(options: ServiceOptions = {}): Promise<readonly string[]> {
  return withApp('removeAllVolumes', options, (app) => removeServiceVolumes(app, Object.values(VOLUME_NAMES)));
}

/**
 * Builds `IMAGE_NAME` on the base image of config.yml, with OpenCode from npm's registry, and gives the image's id (`sha256:…`).
 * Does nothing where it is up to date. E_IMAGE_BUILD with the builder's last lines, E_IMAGE_PULL and E_BOOTSTRAP for its base.
 */
export function buildImage(options: BuildImageOptions = {}): Promise<string> {
  return withApp(
    'buildImage',
    options,
    async (app) => {
      await buildServiceImage(app, { fullRebuild: options.fullRebuild ?? false });
      return imageIdOf(app, IMAGE_NAME);
    },
    options.onProgress,
  );
}

/** Pulls an image from its registry and gives its id (`sha256:…`). E_IMAGE_PULL. */
export function pullImage(options: PullImageOptions = {}): Promise<string> {
  return withApp('pullImage', options, (app) => pullServiceImage(app, options.image ?? REGISTRY_IMAGE_NAME, options.onProgress));
}

/** Whether the engine has an image of that name. Default `IMAGE_NAME`. */
export function imageExists(image: string = IMAGE_NAME, options: ServiceOptions = {}): Promise<boolean> {
  return withApp('imageExists', options, async (app) => (await (await app.engine()).images.inspect(image, { signal: app.signal })) !== undefined);
}

/**
 * Makes the container with its volumes, and does not start it. Gives its id. Everything is looked at before anything is made:
 * E_CONTAINER_EXISTS, E_NO_IMAGE, E_PORT_TAKEN (with a free one in the hint), E_NAME_TAKEN, E_ENGINE_REMOTE, E_USAGE for a port,
 * an address or a variable that cannot be.
 */
export function createContainer(options: CreateContainerOptions = {}): Promise<string> {
  return withApp('createContainer', options, (app) => createServiceContainer(app, containerSettings(options)));
}

/** Starts the container and waits until it is healthy, 90 s at most. One that runs is left as it is. E_NO_INSTANCE, E_PORT_TAKEN, E_HEALTH_TIMEOUT, E_INSTANCE_EXITED. */
export function startContainer(name: string = CONTAINER_NAME, options: ServiceOptions = {}): Promise<void> {
  return withApp('startContainer', options, (app) => startServiceContainer(app, instanceOf(name)));
}

/** Stops the container: TERM, and KILL after the timeout. One that does not run is left as it is. E_NO_INSTANCE. */
export function stopContainer(name: string = CONTAINER_NAME, options: StopContainerOptions = {}): Promise<void> {
  return withApp('stopContainer', options, (app) => stopServiceContainer(app, instanceOf(name), options.timeoutSeconds ?? 10));
}

/** Removes the container and its settings; the volumes stay. `false`: there was none. E_CONFLICT where it runs, without `force`. */
export function removeContainer(name: string = CONTAINER_NAME, options: RemoveContainerOptions = {}): Promise<boolean> {
  return withApp('removeContainer', options, (app) => removeServiceContainer(app, instanceOf(name), options.force ?? false));
}

/** Whether the engine has a container of that name, whoever made it. */
export async function containerExists(name: string = CONTAINER_NAME, options: ServiceOptions = {}): Promise<boolean> {
  return (await containerState(name, options)) !== 'not-found';
}

export async function containerIsRunning(name: string = CONTAINER_NAME, options: ServiceOptions = {}): Promise<boolean> {
  return (await containerState(name, options)) === 'running';
}

/** The engine's own word (`created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`), or `not-found`. */
export function containerState(name: string = CONTAINER_NAME, options: ServiceOptions = {}): Promise<ContainerState | 'not-found'> {
  return withApp('containerState', options, async (app) => (await readServiceContainer(app, instanceOf(name)))?.state ?? 'not-found');
}

/**
 * Makes sure that the server runs and is healthy, and gives the container's id: makes and starts only what is needed, and
 * changes nothing where it runs. A container that is there is started as it is: where `image`, `port`, `address` or `env` are given and it
 * has others, that is E_CONTAINER_EXISTS. Else the errors of `createContainer` and `startContainer`.
 */
export function setupAndStart(options: CreateContainerOptions = {}): Promise<string> {
  return withApp('setupAndStart', options, async (app) => {
    const done = await setUpService(app, containerSettings(options));
    if (done.did === 'planned') throw new TypeError('a library call is carried out');
    return done.id;
  });
}

function containerSettings({ name = CONTAINER_NAME, image, port, address, env }: CreateContainerOptions): ContainerSettings {
  return { instance: instanceOf(name), image, port, address, env };
}

async function withApp<T>(call: string, options: ServiceOptions, body: (app: App) => Promise<T>, raw: (text: string) => void = () => {}): Promise<T> {
  const say = options.onMessage ?? (() => {});
  const app = createApp({
    env: options.environment ?? process.env,
    engine: options.engine,
    signal: options.signal ?? new AbortController().signal,
    command: `slipway/service ${call}`,
    out: { progress: () => {}, note: say, warn: say, raw },
  });
  try {
    await settleOpenOperations(app);
    return await body(app);
  } finally {
    app.close();
  }
}

/** As the program does before each command. */
async function settleOpenOperations(app: App): Promise<void> {
  const [{ openOperations }, { journalDir }] = await Promise.all([import('./operations/read-journal.ts'), import('./state/paths.ts')]);
  if ((await openOperations(journalDir(app.paths))).length === 0) return;
  const { recoverOperations, recoveryLine } = await import('./operations/recover.ts');
  for (const one of await recoverOperations(app)) app.out.note(recoveryLine(one));
}
