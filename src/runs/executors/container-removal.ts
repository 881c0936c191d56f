import { label, ownFilter } from '../../containers/labels.ts';
import { removeAsRoot } from '../../containers/remove-as-root.ts';
import type { ContainerDetails, ContainerSummary, Engine, EngineRef, NetworkDetails } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App, Json, Step } from '../../operations/model.ts';
import { makeDirectory } from '../../state/atomic.ts';
import { runCacheDir, runChannel } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { ContainerRecord, RunRef } from '../model.ts';
import { readContainerRecord } from '../store.ts';
import { containerName, imageTag } from './container-names.ts';
import { graceSeconds } from './container-spec.ts';

/** What an engine holds of one run. Found by label, never by name. */
export interface RunResources {
  readonly engine: EngineRef;
  readonly containers: readonly ContainerSummary[];
  readonly networks: readonly NetworkDetails[];
  /** Whether there is an image that was built for it. */
  readonly image: boolean;
  readonly record: ContainerRecord;
}

/** An engine that does not answer throws. */
export async function observeResources(app: App, ref: EngineRef, run: RunRef): Promise<RunResources> {
  const engine = app.engineAt(ref);
  const install = await app.installId();
  const labels = ownFilter(install, 'run', { project: run.repository, run: run.run });
  const [containers, networks, image, record] = await Promise.all([
    engine.containers.list({ labels }),
    engine.networks.list({ labels }),
    engine.images.inspect(imageTag(run)),
    readContainerRecord(app.paths, run),
  ]);
  return { engine: ref, containers, networks, image: image?.labels[label.install] === install, record };
}

export interface RemovalWanted {
  readonly run: RunRef;
  /** Containers are stopped and stay, and with them what they need. */
  readonly keep: boolean;
  readonly keepImage: boolean;
}

/** The end of a run's containers and image. Can be repeated and planned again: what is gone already has no step. */
export function planRemoval({ engine, containers, networks, image, record }: RunResources, { run, keep, keepImage }: RemovalWanted): readonly Step[] {
  const at = engine as EngineRef & Json;
  const main = containerName(run);
  const up = containers.filter(({ state }) => ['running', 'paused', 'restarting'].includes(state));
  // Also of one that ended by itself or was removed it is written when that was.
  const mainToStop = up.some(({ name }) => name === main) || (record.containerId !== undefined && record.containerStoppedAt === undefined);
  const services = keep ? up.filter(({ name }) => name !== main) : [];
  return [
    ...(record.buildProcess === undefined ? [] : [{ do: 'run.end-build', ...run }]),
    ...(mainToStop ? [{ do: 'run.stop-container', engine: at, ...run, container: main, main: true }] : []),
    ...services.map(({ name }) => ({ do: 'run.stop-container', engine: at, ...run, container: name, main: false })),
    ...(keep || containers.length + networks.length === 0 ? [] : [{ do: 'run.remove-resources', engine: at, ...run }]),
    ...(keep || keepImage || !(image || record.buildProcess) ? [] : [{ do: 'run.remove-image', engine: at, image: imageTag(run) }]),
  ];
}

/** Stops it with the grace that its processes have. `undefined`: it was gone. */
export async function stopContainer(engine: Engine, container: string): Promise<ContainerDetails | undefined> {
  const now = await engine.containers.inspect(container);
  try {
    // A frozen one does not hear TERM.
    if (now?.state === 'paused') await engine.containers.unpause(container);
    if (now !== undefined && ['running', 'paused', 'restarting'].includes(now.state)) await engine.containers.stop(container, { timeoutSeconds: graceSeconds });
  } catch (error) {
    if (!isCode(error, 'E_NO_SUCH')) throw error;
  }
  return engine.containers.inspect(container);
}

/** Containers first: a network that one is in cannot go. */
export async function removeResources(app: App, engine: Engine, run: RunRef): Promise<void> {
  const labels = ownFilter(await app.installId(), 'run', { project: run.repository, run: run.run });
  await Promise.all((await engine.containers.list({ labels })).map(({ id }) => engine.containers.remove(id, { force: true })));
  for (const { name } of await engine.networks.list({ labels })) await whileInUse(app, () => engine.networks.remove(name));
}

/** A container that has just been removed may hold its network a moment longer. */
async function whileInUse(app: App, remove: () => Promise<boolean>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return void (await remove());
    } catch (error) {
      if (tries === 10 || !isCode(error, 'E_IN_USE')) throw error;
      await app.clock.sleep(200);
    }
  }
}

/** Takes the run's tag off its image, which goes with it unless a person gave it a name too or made a container of it. */
export async function removeRunImage(app: App, engine: Engine, tag: string): Promise<void> {
  const found = await engine.images.inspect(tag);
  if (found === undefined || found.labels[label.install] !== (await app.installId())) return;
  try {
    await engine.images.remove(tag);
  } catch (error) {
    if (!isCode(error, 'E_IN_USE')) throw error;
    app.out.warn(`${tag} stays: ${(error as SlipwayError).message}`);
  }
}

export interface FilesWanted {
  readonly run: RunRef;
  /** Of a run that stays to be looked at only the channel goes. */
  readonly part: 'all' | 'channel';
  /** Where it had a container. */
  readonly engine: EngineRef | undefined;
}

/**
 * Removes a run's workspace and channel. What its container wrote as another user is removed by root of a throw-away container:
 * of the run's image, or of any other of this install, where that is gone.
 */
export async function removeRunFiles(app: App, wanted: FilesWanted, operation: string): Promise<void> {
  await removeFolder(app, wanted, operation);
  // A kept container can only be started with the folder in its place.
  if (wanted.part === 'channel') await makeDirectory(runChannel(app.paths, wanted.run.repository, wanted.run.run));
}

async function removeFolder(app: App, { run, part, engine: ref }: FilesWanted, operation: string): Promise<void> {
  const directory = (part === 'all' ? runCacheDir : runChannel)(app.paths, run.repository, run.run);
  try {
    await removeTree(directory);
  } catch (error) {
    if (!isCode(error, 'E_REMOVE_FOREIGN') || ref === undefined) throw error;
    const engine = app.engineAt(ref);
    const { imageTag: recorded } = await readContainerRecord(app.paths, run);
    const image = await anyImage(app, engine, [recorded ?? imageTag(run), imageTag(run)]);
    if (image === undefined) throw error;
    await removeAsRoot(app, engine, operation, { image, directory, kind: 'run', extra: { project: run.repository, run: run.run } });
    await removeTree(directory);
  }
}

async function anyImage(app: App, engine: Engine, references: readonly string[]): Promise<string | undefined> {
  for (const reference of references) {
    const found = await engine.images.inspect(reference);
    if (found !== undefined) return found.id;
  }
  return (await engine.images.list({ labels: ownFilter(await app.installId()) }))[0]?.id;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof SlipwayError && error.code === code;
}
