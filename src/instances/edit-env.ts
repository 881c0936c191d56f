import { existsSync } from 'node:fs';
import type { Verb } from '../operations/model.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { readEnvFile } from './env-file.ts';
import type { InstanceRef } from './model.ts';
import { dropHandedOverStep, writeEnvStep } from './step-data.ts';
import { readInstance } from './store.ts';

export interface EditEnvWanted extends InstanceRef {
  /** Values, mode 0600, in the form of `.env`; whoever wrote it removes it. */
  readonly file?: string;
  readonly unset: readonly string[];
}

/** Names that `.env` has. */
interface EnvObserved {
  readonly names: readonly string[];
  /** The values that were handed over are still to be taken. */
  readonly waiting: boolean;
}

/** `.env` alone: the service has it from the next container on, which `instance start` makes. */
export const editEnv: Verb<EditEnvWanted, EnvObserved> = {
  name: 'instance.edit-env',
  locks: ({ instance }) => [`instance/${checkIdentifier('instance', instance)}`],
  async observe(app, { instance, file }) {
    await readInstance(app.paths, instance, app.person.home);
    return { names: Object.keys(await readEnvFile(app.paths, instance)), waiting: file !== undefined && existsSync(file) };
  },
  plan({ names }, { instance, file, unset }) {
    const gone = unset.filter((name) => names.includes(name));
    if (file === undefined) return { steps: gone.length === 0 ? [] : [writeEnvStep(instance, undefined, gone)] };
    return { steps: [writeEnvStep(instance, file, gone), dropHandedOverStep(instance, file)] };
  },
  reached: ({ waiting, names }, { file, unset }) => (file === undefined ? unset.every((name) => !names.includes(name)) : !waiting),
  describe: ({ instance, unset, file }) => `instance env ${file === undefined && unset.length > 0 ? 'unset' : 'set'} ${instance}`,
};
