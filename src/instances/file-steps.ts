import { rm } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import type { Step, StepKind } from '../operations/model.ts';
import { readFileIfAny } from '../state/atomic.ts';
import { editEnvFile, parseEnv } from './env-file.ts';
import { appendHistory, isRecorded } from './history.ts';
import type { HistoryEntry, InstanceState } from './model.ts';
import { configOf, type InstanceStep } from './step-data.ts';
import { patchInstanceState, writeInstance } from './store.ts';

/** What is written into files of an instance. */

export const writeConfig: StepKind = {
  do: 'instance.write-config',
  describe: (step) => `Write config.yml of instance ${(step as InstanceStep).instance}`,
  apply: ({ app }, step) => writeInstance(app.paths, configOf(step), app.person.home),
};

interface WriteEnvStep extends InstanceStep {
  /** Mode 0600, in the form of `.env`; it is removed by whoever wrote it. */
  readonly file?: string;
  readonly unset: readonly string[];
}

export const writeEnv: StepKind = {
  do: 'instance.write-env',
  describe: (step) => `Write .env of instance ${(step as InstanceStep).instance}`,
  async apply({ app }, step) {
    const { instance, file, unset } = step as WriteEnvStep;
    const text = file === undefined ? '' : await readFileIfAny(file);
    if (text === undefined) {
      throw new SlipwayError('E_NO_FILE', `The values for .env of ${instance} are gone with the command that brought them.`, {
        hint: 'Run the command again.',
      });
    }
    await editEnvFile(app.paths, instance, parseEnv(file ?? '', text), unset);
  },
};

export const dropHandedOver: StepKind = {
  do: 'instance.drop-handed-over',
  describe: (step) => `Forget the values that were handed over for ${(step as InstanceStep).instance}`,
  apply: (_context, step) => rm(String(step.file), { force: true }),
};

export const setState: StepKind = {
  do: 'instance.set-state',
  describe: (step) => describeState((step as InstanceStep).instance, (step as unknown as { readonly state: Partial<InstanceState> }).state),
  apply: ({ app }, step) => patchInstanceState(app.paths, (step as InstanceStep).instance, step.state as Partial<InstanceState>),
};

function describeState(instance: string, { desired }: Partial<InstanceState>): string {
  return desired === undefined ? `Write down the state of ${instance}` : `Write down that ${instance} is to be ${desired}`;
}

export const record: StepKind = {
  do: 'instance.record',
  describe: (step) => `Write down in the history of ${(step as InstanceStep).instance}: ${entryOf(step).outcome} ${entryOf(step).version}`,
  apply: ({ app, operation }, step) => appendHistory(app.paths, (step as InstanceStep).instance, entryOf(step), operation),
  isDone: ({ app, operation }, step) => isRecorded(app.paths, (step as InstanceStep).instance, operation),
};

const entryOf = (step: Step) => step.entry as unknown as HistoryEntry;
