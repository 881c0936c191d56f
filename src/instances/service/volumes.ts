import { isOwn, ownFilter, ownLabels } from '../../containers/labels.ts';
import type { Engine, EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App, Json, Plan, Step, StepKind, Verb } from '../../operations/model.ts';
import { readInstanceIfAny } from '../store.ts';

export interface VolumesWanted {
  readonly instance: string;
  readonly volumes: readonly string[];
}

export interface VolumesState {
  readonly engine: EngineRef;
  readonly found: readonly FoundVolume[];
}

interface FoundVolume {
  readonly name: string;
  /** `foreign`: this install did not make it. */
  readonly is: 'missing' | 'ours' | 'foreign';
  /** Name of a container of this install that has it. */
  readonly usedBy: string | undefined;
}

interface VolumeStep extends Step {
  readonly engine: EngineRef & { readonly [key: string]: Json };
  readonly volume: string;
  readonly instance: string;
}

export async function observeVolumes(app: App, { instance, volumes }: VolumesWanted, uses = true): Promise<VolumesState> {
  const [engine, install] = await Promise.all([engineOf(app, instance), app.installId()]);
  const users = uses ? await readUsers(app, engine, install, instance) : new Map<string, string>();
  const found = await Promise.all(
    volumes.map(async (name): Promise<FoundVolume> => {
      const volume = await engine.volumes.inspect(name, { signal: app.signal });
      return { name, is: volume === undefined ? 'missing' : isOwn(volume.labels, install) ? 'ours' : 'foreign', usedBy: users.get(name) };
    }),
  );
  const { kind, endpoint, identity } = await engine.info({ signal: app.signal });
  return { found, engine: { kind, endpoint, identity } };
}

/** An instance's own; of one that is not there the engine for new things. */
async function engineOf(app: App, instance: string): Promise<Engine> {
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  return config === undefined ? app.engine() : app.engineAt(config.engine);
}

/** Which of this install's containers has a volume. Strangers' are found by the engine, when it refuses. */
async function readUsers(app: App, engine: Engine, install: string, instance: string): Promise<ReadonlyMap<string, string>> {
  const containers = await engine.containers.list({ labels: ownFilter(install, 'instance', { instance }), signal: app.signal });
  const details = await Promise.all(containers.map(({ id }) => engine.containers.inspect(id, { signal: app.signal })));
  return new Map(
    details.flatMap((container) => (container?.mounts ?? []).flatMap(({ source }) => (source && container ? [[source, container.name] as const] : []))),
  );
}

export function foreignVolume(name: string): SlipwayError {
  return new SlipwayError('E_NAME_TAKEN', `A volume named ${name} exists, and this install of Slipway did not make it.`, {
    hint: 'Rename or remove that volume with your engine, then run the command again. Slipway leaves it alone.',
  });
}

function volumeInUse(name: string, container: string | undefined, cause?: unknown): SlipwayError {
  return new SlipwayError('E_IN_USE', `Volume ${name} is in use${container === undefined ? '' : ` by container ${container}`}.`, {
    hint: 'Remove the container first: `slipway down` does, and leaves the volumes.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Makes what is missing. Idempotent. */
export const ensureVolumes: Verb<VolumesWanted, VolumesState> = {
  name: 'service.ensure-volumes',
  locks: ({ instance }) => [`instance/${instance}`],
  describe: ({ instance }) => `make the volumes of ${instance}`,
  observe: (app, wanted) => observeVolumes(app, wanted, false),
  plan: (state, { instance }): Plan => ({ steps: createSteps(instance, state) }),
};

function createSteps(instance: string, { engine, found }: VolumesState): readonly Step[] {
  checkForeign(found);
  return found.filter(({ is }) => is === 'missing').map(({ name }) => ({ do: 'service.create-volume', engine: { ...engine }, volume: name, instance }));
}

function checkForeign(found: VolumesState['found']): void {
  const foreign = found.find(({ is }) => is === 'foreign');
  if (foreign !== undefined) throw foreignVolume(foreign.name);
}

/** Before a container is made. Throws E_NAME_TAKEN. */
export async function checkVolumes(app: App, wanted: VolumesWanted): Promise<void> {
  checkForeign((await observeVolumes(app, wanted, false)).found);
}

/** Removes volumes and what is in them, for good. One that a container has, or that is another's, stops all before anything is removed. */
export const removeVolumes: Verb<VolumesWanted, VolumesState> = {
  name: 'service.remove-volumes',
  locks: ({ instance }) => [`instance/${instance}`],
  describe: ({ volumes }) => `remove ${volumes.join(', ')}`,
  observe: (app, wanted) => observeVolumes(app, wanted),
  plan({ found, engine }, { instance }) {
    checkForeign(found);
    for (const { name, usedBy } of found) if (usedBy !== undefined) throw volumeInUse(name, usedBy);
    return { steps: found.filter(({ is }) => is === 'ours').map(({ name }) => removeVolumeStep(engine, name, instance)) };
  },
};

export const removeVolumeStep = (engine: EngineRef, volume: string, instance: string): Step => ({
  do: 'service.remove-volume',
  engine: { ...engine },
  volume,
  instance,
});

const createVolume: StepKind = {
  do: 'service.create-volume',
  describe: (step) => `Make volume ${(step as VolumeStep).volume}`,
  async apply({ app, operation }, step) {
    const { engine, volume, instance } = step as VolumeStep;
    const install = await app.installId();
    const made = await app.engineAt(engine).volumes.create(volume, { labels: ownLabels(install, operation, 'instance', { instance }), signal: app.signal });
    // An engine gives back one that was made meanwhile.
    if (!isOwn(made.labels, install)) throw foreignVolume(volume);
  },
};

const removeVolume: StepKind = {
  do: 'service.remove-volume',
  describe: (step) => `Remove volume ${(step as VolumeStep).volume}`,
  async apply({ app }, step) {
    const { engine: ref, volume } = step as VolumeStep;
    const engine = app.engineAt(ref);
    const install = await app.installId();
    const found = await engine.volumes.inspect(volume, { signal: app.signal });
    if (found === undefined) return;
    if (!isOwn(found.labels, install)) throw foreignVolume(volume);
    try {
      await engine.volumes.remove(volume, { signal: app.signal });
    } catch (error) {
      throw error instanceof SlipwayError && error.code === 'E_IN_USE' ? volumeInUse(volume, undefined, error) : error;
    }
  },
};

export const volumeSteps: readonly StepKind[] = [createVolume, removeVolume];
