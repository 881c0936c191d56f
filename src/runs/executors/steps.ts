import { isOwn, label } from '../../containers/labels.ts';
import { foreignContainer } from '../../containers/steps.ts';
import type { ContainerSpec, EngineRef, Labels } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { endChild } from '../../operations/end-child.ts';
import type { App, Step, StepKind } from '../../operations/model.ts';
import { cachesDir } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import { readContainerRecord, writeContainerRecord } from '../store.ts';
import { removeCache } from './container-prune.ts';
import { awaitContainer } from './container-ready.ts';
import { removeResources, removeRunFiles, removeRunImage, stopContainer } from './container-removal.ts';
import { awaitServices, type WatchedService } from './container-services.ts';
import { ownWorkspace, prepareFolders, touchCache } from './container-workspace.ts';

/** Fields of a step are its kind's own business: a plan is written beside them. */
function fields<T>(step: Step): T & { readonly engine: EngineRef } {
  return step as unknown as T & { readonly engine: EngineRef };
}

const prepare: StepKind = {
  do: 'run.prepare-folders',
  describe: (step) => `Prepare folders of run ${fields<RunRef>(step).run}`,
  apply({ app }, step) {
    const { repository, run, places } = fields<RunRef & { readonly places: readonly string[] }>(step);
    return prepareFolders(app, { repository, run }, places);
  },
};

const createNetwork: StepKind = {
  do: 'run.create-network',
  describe: (step) => `Create network ${String(step.network)}`,
  async apply({ app, operation }, step) {
    const { engine: ref, network, labels } = fields<{ readonly network: string; readonly labels: Labels }>(step);
    const engine = app.engineAt(ref);
    try {
      await engine.networks.create(network, { labels: { ...labels, [label.op]: operation }, signal: app.signal });
    } catch (error) {
      // One of this run's that was left by a start that was cut off will do.
      const found = error instanceof SlipwayError && error.code === 'E_NAME_TAKEN' ? await engine.networks.inspect(network) : undefined;
      if (found === undefined || !isOwn(found.labels, await app.installId(), 'run')) throw error;
    }
  },
};

const createCache: StepKind = {
  do: 'run.create-cache',
  describe: (step) => `Use cache ${String(step.key)}`,
  async apply({ app, operation }, step) {
    const { engine, volume, labels } = fields<{ readonly volume: string; readonly labels: Labels }>(step);
    const made = await app.engineAt(engine).volumes.create(volume, { labels: { ...labels, [label.op]: operation }, signal: app.signal });
    if (!isOwn(made.labels, await app.installId(), 'run')) {
      throw new SlipwayError('E_NAME_TAKEN', `A volume named ${volume} exists, and this install of Slipway did not make it.`, {
        hint: 'Rename or remove that volume with your engine. Slipway leaves it alone.',
      });
    }
    await touchCache(cachesDir(app.paths, labels[label.project] ?? ''), volume);
  },
};

interface CreateFields extends RunRef {
  readonly container: string;
  readonly spec: ContainerSpec;
  /** Services that it reaches by name. */
  readonly hosts: readonly { readonly name: string; readonly container: string }[];
  readonly main?: true;
}

const createContainer: StepKind = {
  do: 'run.create-container',
  describe: (step) => `Create container ${String(step.container)}`,
  async apply({ app, operation }, step) {
    const { engine: ref, repository, run, container, spec, hosts, main } = fields<CreateFields>(step);
    const engine = app.engineAt(ref);
    const extraHosts = await Promise.all(hosts.map(async (host) => `${host.name}:${await addressOf(app, ref, host)}`));
    const made = { ...spec, labels: { ...spec.labels, [label.op]: operation }, ...(extraHosts.length === 0 ? {} : { extraHosts }) };
    try {
      const id = await engine.containers.create(made, { signal: app.signal });
      if (main) await writeContainerRecord(app.paths, { repository, run }, { containerId: id });
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'E_NAME_TAKEN') throw foreignContainer(container);
      throw error;
    }
  },
};

/** An entry in its hosts file works without the engine's name server, which not every Podman has. */
async function addressOf(app: App, ref: EngineRef, { name, container }: CreateFields['hosts'][number]): Promise<string> {
  const details = await app.engineAt(ref).containers.inspect(container, { signal: app.signal });
  const address = Object.values(details?.networks ?? {}).find((network) => network.address !== '')?.address;
  if (address !== undefined) return address;
  throw new SlipwayError('E_CONTAINER_START', `Service ${name} has no address in the run's network.`, {
    hint: 'Its container may have ended: look at its image and command.',
  });
}

const services: StepKind = {
  do: 'run.await-services',
  describe: (step) =>
    `Wait until ${watched(step)
      .map(({ name }) => name)
      .join(', ')} ${watched(step).length === 1 ? 'is' : 'are'} healthy`,
  apply: ({ app }, step) => awaitServices(app, app.engineAt(fields(step).engine), watched(step)),
};

function watched(step: Step): readonly WatchedService[] {
  return fields<{ readonly services: readonly WatchedService[] }>(step).services;
}

interface AwaitFields extends RunRef {
  readonly container: string;
  readonly image: string;
  readonly marker: string;
  readonly deadline: string;
}

const ready: StepKind = {
  do: 'run.await-container',
  describe: (step) => `Wait until container ${String(step.container)} is up`,
  async apply({ app }, step) {
    const { engine, repository, run, image, ...readiness } = fields<AwaitFields>(step);
    const { startedAt } = await awaitContainer(app, app.engineAt(engine), image, readiness);
    if (startedAt !== undefined) await writeContainerRecord(app.paths, { repository, run }, { containerStartedAt: startedAt });
  },
};

const own: StepKind = {
  do: 'run.own-workspace',
  describe: (step) => `Give the workspace to the image's user ${String(step.user)}`,
  apply({ app }, step) {
    const { engine, container, user, places } = fields<{ readonly container: string; readonly user: string; readonly places: readonly string[] }>(step);
    return ownWorkspace(app, app.engineAt(engine), container, user, places);
  },
};

const endBuild: StepKind = {
  do: 'run.end-build',
  describe: (step) => `End the build of run ${fields<RunRef>(step).run}`,
  async apply({ app }, step) {
    const { repository, run } = fields<RunRef>(step);
    const { buildProcess } = await readContainerRecord(app.paths, { repository, run });
    if (buildProcess === undefined) return;
    await endChild(app, buildProcess);
    await writeContainerRecord(app.paths, { repository, run }, { buildProcess: undefined });
  },
};

const stop: StepKind = {
  do: 'run.stop-container',
  describe: (step) => `Stop container ${String(step.container)}`,
  async apply({ app }, step) {
    const { engine, repository, run, container, main } = fields<RunRef & { readonly container: string; readonly main: boolean }>(step);
    const stopped = await stopContainer(app.engineAt(engine), container);
    if (main) await writeContainerRecord(app.paths, { repository, run }, { containerStoppedAt: stopped?.finishedAt ?? app.clock.now().toISOString() });
  },
};

const removeAll: StepKind = {
  do: 'run.remove-resources',
  describe: (step) => `Remove containers and networks of run ${fields<RunRef>(step).run}`,
  apply({ app }, step) {
    const { engine, repository, run } = fields<RunRef>(step);
    return removeResources(app, app.engineAt(engine), { repository, run });
  },
};

interface FilesFields extends RunRef {
  readonly part?: 'channel';
  /** Of a container's run: for files that only root in a container can remove. */
  readonly engine?: EngineRef;
}

const removeFiles: StepKind = {
  do: 'run.remove-files',
  describe: (step) => `Remove ${step.part === 'channel' ? 'the channel' : 'workspace'} of run ${fields<RunRef>(step).run}`,
  apply({ app, operation }, step) {
    const { repository, run, part = 'all', engine } = step as unknown as FilesFields;
    return removeRunFiles(app, { run: { repository, run }, part, engine }, operation);
  },
};

const removeImage: StepKind = {
  do: 'run.remove-image',
  describe: (step) => `Remove image ${String(step.image)}`,
  apply({ app }, step) {
    const { engine, image } = fields<{ readonly image: string }>(step);
    return removeRunImage(app, app.engineAt(engine), image);
  },
};

const dropCache: StepKind = {
  do: 'run.remove-cache',
  describe: (step) => `Remove cache ${String(step.key)} of ${String(step.repository)}`,
  apply({ app }, step) {
    const { engine, repository, volume } = fields<{ readonly repository: string; readonly volume: string }>(step);
    return removeCache(app, app.engineAt(engine), repository, volume);
  },
};

export const steps: readonly StepKind[] = [
  prepare,
  createNetwork,
  createCache,
  createContainer,
  services,
  ready,
  own,
  endBuild,
  stop,
  removeAll,
  removeFiles,
  removeImage,
  dropCache,
];
