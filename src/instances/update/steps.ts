import { label, operationFilter, ownFilter } from '../../containers/labels.ts';
import type { EngineRef } from '../../engine/model.ts';
import type { Json, StepContext, StepKind } from '../../operations/model.ts';
import { keepLog } from '../kept-logs.ts';
import { appendHistory } from '../history.ts';
import type { InstanceStep } from '../step-data.ts';
import { patchInstanceState, readInstanceState } from '../store.ts';
import type { IdMaps } from './id-maps.ts';
import { restoreProcessData, snapshotProcessData } from './process-data.ts';
import { restoreData } from './restore.ts';
import { dropSnapshot, pruneSnapshots, type Snapshotted, takeSnapshot } from './snapshot.ts';

/** Of a process only the instance is known. */
interface DataStep extends InstanceStep {
  readonly engine?: EngineRef & { readonly [key: string]: Json };
  readonly container?: string;
  readonly target?: string;
  readonly ids?: IdMaps & { readonly [key: string]: Json };
}

const begin: StepKind = {
  do: 'instance.begin-update',
  describe: (step) => `Write down that ${(step as InstanceStep).instance} is being updated`,
  async apply({ app, operation }, step) {
    // What is loaded now is not loaded while nothing serves.
    await Promise.all([import('tar-stream'), patchInstanceState(app.paths, (step as InstanceStep).instance, { update: { operation } })]);
  },
};

const snapshot: StepKind = {
  do: 'instance.snapshot',
  describe: (step) => `Keep a snapshot of the data of ${(step as InstanceStep).instance}`,
  async apply({ app, operation }, step) {
    const data = snapshotted(step as DataStep);
    if (data === undefined) await snapshotProcessData(app, (step as InstanceStep).instance, operation);
    else await takeSnapshot(app, operation, data);
  },
};

interface RestoreStep extends DataStep {
  /** The one that failed. */
  readonly version: string;
}

/** Only where the new version may have touched the data and never was well. */
const restore: StepKind = {
  do: 'instance.restore-data',
  describe: (step) => `Put the data of ${(step as InstanceStep).instance} back where ${(step as RestoreStep).version} was never well`,
  async apply(context, step) {
    const { app, operation } = context;
    const { instance, version } = step as RestoreStep;
    const data = snapshotted(step as DataStep);
    const { update } = await readInstanceState(app.paths, instance);
    const hasRun = data === undefined || (await endNew(context, data));
    if (update?.operation !== operation || update.healthyAt !== undefined) return;
    if (!hasRun) await dropSnapshot(app.paths, instance, operation);
    else if (data === undefined) await restoreProcessData(app, instance, operation, version);
    else await restoreData(app, operation, data, version);
  },
};

/** Stops what this operation made, keeps what it wrote, and tells whether it ever ran; one that somebody removed may have. */
async function endNew({ app, operation }: StepContext, { instance, engine: ref }: Snapshotted): Promise<boolean> {
  const engine = app.engineAt(ref);
  const install = await app.installId();
  const filter = { ...ownFilter(install, 'instance'), ...operationFilter(install, operation), [label.instance]: instance };
  const made = await engine.containers.list({ labels: filter });
  let hasRun = made.length === 0;
  for (const { id, state } of made) {
    if (state === 'running') await engine.containers.stop(id);
    hasRun ||= (await engine.containers.inspect(id))?.startedAt !== undefined;
    await keepLog(app, engine, instance, id);
  }
  return hasRun;
}

function snapshotted({ instance, engine, container, target, ids }: DataStep): Snapshotted | undefined {
  return engine === undefined || container === undefined || target === undefined ? undefined : { instance, engine, container, target, ids };
}

interface FailedStep extends InstanceStep {
  readonly version: string;
  readonly image: string;
  readonly person: string;
}

/** The reason is what the step that failed wrote down; the journal has the whole error. */
const recordFailed: StepKind = {
  do: 'instance.record-failed',
  describe: (step) => `Write down in the history of ${(step as InstanceStep).instance}: update-failed ${(step as FailedStep).version}`,
  async apply({ app, operation }, step) {
    const { instance, version, image, person } = step as FailedStep;
    const { update } = await readInstanceState(app.paths, instance);
    const reason = update?.failure ?? 'It was cut off, or failed before the new version was started.';
    const at = app.clock.now().toISOString();
    await appendHistory(app.paths, instance, { version, imageDigest: image, updatedAt: at, updatedBy: person, outcome: 'update-failed', reason }, operation);
  },
};

interface EndStep extends InstanceStep {
  readonly digest?: string;
}

/** Before the newest one: somebody who finds out a day later may want yesterday's data. */
const keptSnapshots = 2;

const end: StepKind = {
  do: 'instance.end-update',
  describe: (step) => `Write down what runs as ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, digest } = step as EndStep;
    await pruneSnapshots(app.paths, instance, keptSnapshots);
    await patchInstanceState(app.paths, instance, { update: null, ...(digest === undefined ? {} : { digest }) });
  },
};

export const steps: readonly StepKind[] = [begin, snapshot, restore, recordFailed, end];
