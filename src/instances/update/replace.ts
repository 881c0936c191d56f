import { existsSync } from 'node:fs';
import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App, Changed, Verb } from '../../operations/model.ts';
import { lastOperationOf, readHistory } from '../history.ts';
import { findImage, provideImage } from '../image.ts';
import { type InstanceConfig, versionOf } from '../model.ts';
import { observeInstance } from '../observe.ts';
import { readInstance, readInstanceAt, readInstanceState } from '../store.ts';
import type { Outcome, Replaced, ReplaceObserved, ReplaceWanted } from './model.ts';
import { failedData } from './restore.ts';
import { applyDrift, rollbackInstance, updateInstance } from './verbs.ts';
import { snapshotFile } from './snapshot.ts';

export interface ReplaceResult extends Replaced {
  readonly changed: Changed<ReplaceObserved>;
}

export type ReplaceVerb = 'update' | 'rollback' | 'apply-drift';

const verbOf: Readonly<Record<ReplaceVerb, { readonly verb: Verb<ReplaceWanted, ReplaceObserved>; readonly outcome: Outcome }>> = {
  update: { verb: updateInstance, outcome: 'updated' },
  rollback: { verb: rollbackInstance, outcome: 'rolled-back' },
  'apply-drift': { verb: applyDrift, outcome: 'updated' },
};

/**
 * Has another version (or what is configured now) serve, and says how it went. Throws E_UPDATE_FAILED where the former one serves
 * again. Call `ensureRelease` before, for a release that may have to be built.
 */
export async function replaceVersion(app: App, how: ReplaceVerb, wanted: ReplaceWanted): Promise<ReplaceResult> {
  const { verb, outcome } = verbOf[how];
  const config = await readInstance(app.paths, wanted.instance, app.person.home);
  const next = wanted.source === undefined ? config : await readInstanceAt(app.paths, wanted.instance, wanted.source, app.person.home);
  const image = await imageOf(app, wanted, next);
  const records = (await readHistory(app.paths, wanted.instance)).length;
  try {
    const changed = await change(app, verb, { ...wanted, ...(image === undefined ? {} : { image }) });
    const { before } = changed;
    return {
      instance: wanted.instance,
      outcome: changed.operation !== undefined ? outcome : app.dryRun && changed.plan.steps.length > 0 ? 'planned' : 'unchanged',
      version: versionOf(before.next),
      from: versionOf(before.config),
      digest: before.digest,
      running: wanted.start === true || before.state.desired === 'running',
      operation: changed.operation,
      changed,
    };
  } catch (error) {
    throw await explained(app, how, { config, next, records }, error);
  }
}

/** Long work is not done under the lock: an image may be gigabytes. */
async function imageOf(app: App, { instance, source, image }: ReplaceWanted, next: InstanceConfig): Promise<string | undefined> {
  if (image !== undefined || next.kind === 'process') return image;
  if (source === undefined) {
    const { drift, state, container } = await observeInstance(app, instance);
    // The same version is the same image, whatever its name means by now.
    if (container !== undefined && drift.every(({ key }) => key !== 'version')) return state.digest ?? container.imageId;
  }
  return app.dryRun ? plannedImage(app, next) : provideImage(app, app.engineAt(next.engine), next.source);
}

/** For `--dry-run`, which neither builds nor pulls: what is not there yet is called by its name. */
async function plannedImage(app: App, { engine, source }: InstanceConfig): Promise<string> {
  const found = await findImage(app, app.engineAt(engine), source);
  return found ?? ('release' in source ? `${source.release.service}:${source.release.version}` : source.image);
}

interface Attempt {
  readonly config: InstanceConfig;
  readonly next: InstanceConfig;
  /** Lines of the history before. */
  readonly records: number;
}

/** What was refused before anything was done is told as it is. */
async function explained(app: App, how: ReplaceVerb, { config, next, records }: Attempt, error: unknown): Promise<unknown> {
  if (!(error instanceof SlipwayError)) return error;
  const { name } = config;
  const [history, { update }] = await Promise.all([readHistory(app.paths, name), readInstanceState(app.paths, name)]);
  const facts = { cause: error, ...(error.detail === undefined ? {} : { detail: error.detail }) };
  const title = how === 'rollback' ? 'Rollback failed' : 'Update failed';
  if (update !== undefined) {
    return new SlipwayError('E_UPDATE_FAILED', `${title}, and ${versionOf(config)} could not be brought back yet: ${error.message}`, {
      ...facts,
      hint: `\`slipway instance status ${name}\` tries again, as every command does.`,
    });
  }
  if (history.slice(records).every(({ outcome }) => outcome !== 'update-failed')) return error;
  const version = versionOf(next);
  const back = how === 'apply-drift' ? 'went back to the container as it was' : `rolled back to ${versionOf(config)}`;
  return new SlipwayError('E_UPDATE_FAILED', `${title}, ${back}: ${error.message}`, { ...facts, hint: await dataHint(app, name, version) });
}

/** Where the data of before and after is. */
async function dataHint(app: App, name: string, version: string): Promise<string> {
  const operation = await lastOperationOf(app.paths, name);
  const logs = `\`slipway instance logs ${name}\` shows what ${version} wrote`;
  if (operation === undefined) return `${logs}.`;
  const aside = failedData(app.paths, name, version, operation);
  if (existsSync(aside)) return `${logs}. The data is as it was before; what ${version} made of it is in ${aside}.`;
  const snapshot = snapshotFile(app.paths, name, operation);
  if (existsSync(snapshot)) return `${logs}. ${version} had been well, so the data is as it left it; as it was before, it is in ${snapshot}.`;
  return `${logs}; the data was not touched.`;
}
