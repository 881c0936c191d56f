import type { ContainerDetails } from '../../engine/model.ts';
import type { App } from '../../operations/model.ts';
import { driftOf } from '../drift.ts';
import { readEnvFile } from '../env-file.ts';
import { findContainer } from '../find-container.ts';
import { isRecorded, readHistory } from '../history.ts';
import { findImage } from '../image.ts';
import { type InstanceConfig, nextContainer, previousContainer } from '../model.ts';
import { observeInstance } from '../observe.ts';
import { checkPort, instancePorts } from '../ports.ts';
import { readInstanceAt } from '../store.ts';
import { idMapsOf } from './id-maps.ts';
import { isMountedOver, type ReplaceObserved, type ReplaceWanted } from './model.ts';

export async function observeReplace(app: App, wanted: ReplaceWanted): Promise<ReplaceObserved> {
  const { instance } = wanted;
  const now = await observeInstance(app, instance);
  const next = wanted.source === undefined ? now.config : await readInstanceAt(app.paths, instance, wanted.source, app.person.home);
  const [secret, history, digest, leftovers] = await Promise.all([
    readEnvFile(app.paths, instance),
    readHistory(app.paths, instance),
    wanted.image ?? digestOf(app, next),
    findLeftovers(app, next),
  ]);
  const { state, container } = now;
  const taken = state.update !== undefined && (await isRecorded(app.paths, instance, state.update.operation));
  if (!taken) await checkMovedPort(app, next, container);
  return {
    ...now,
    next,
    digest,
    history,
    drift: container === undefined ? [] : driftOf(next, { secret, salt: state.salt, labels: container.labels }),
    missingSecrets: next.requiredSecrets.filter((name) => secret[name] === undefined),
    taken,
    leftovers,
    ids: await idMaps(app, next, container),
    person: app.person.name,
  };
}

async function digestOf(app: App, next: InstanceConfig): Promise<string | undefined> {
  if (next.kind !== 'process') return findImage(app, app.engineAt(next.engine), next.source);
  if (!('release' in next.source)) return undefined;
  const { readReleaseIfAny } = await import('../releases/store.ts');
  return (await readReleaseIfAny(app.paths, next.source.release))?.digest;
}

async function findLeftovers(app: App, config: InstanceConfig): Promise<readonly string[]> {
  if (config.kind === 'process') return [];
  const found = await Promise.all([nextContainer(config.name), previousContainer(config.name)].map((name) => findContainer(app, config, name)));
  return found.flatMap((container) => (container === undefined ? [] : [container.name]));
}

/** The port that it has is its own; another one is asked for before anything is done. */
async function checkMovedPort(app: App, { name, address, port, kind }: InstanceConfig, container: ContainerDetails | undefined): Promise<void> {
  if (kind === 'process' || container === undefined) return;
  const held = container.ports.some((binding) => binding.host === port && (binding.address ?? address) === address);
  if (!held) await checkPort(address, port, await instancePorts(app.paths, name));
}

/** A running container's kernel tells them; later nobody does but the engine. */
async function idMaps(app: App, config: InstanceConfig, container: ContainerDetails | undefined): Promise<ReplaceObserved['ids']> {
  if (config.kind === 'process' || container?.state !== 'running' || isMountedOver(config)) return undefined;
  return idMapsOf(container, await app.engineAt(config.engine).info({ signal: app.signal }));
}
