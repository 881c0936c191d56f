import type { Verb } from '../operations/model.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { readEnvFile } from './env-file.ts';
import type { InstanceRef } from './model.ts';
import { writeEnvStep } from './step-data.ts';
import { readInstance } from './store.ts';

export interface EditEnvWanted extends InstanceRef {
  /** Values, mode 0600, in the form of `.env`; whoever wrote it removes it. */
  readonly file?: string;
  readonly unset: readonly string[];
}

/** Names that `.env` has. */
interface EnvObserved {
  readonly names: readonly string[];
}

/** `.env` alone: the service has it from the next container on, which `instance start` makes. */
export const editEnv: Verb<EditEnvWanted, EnvObserved> = {
  name: 'instance.edit-env',
  locks: ({ instance }) => [`instance/${checkIdentifier('instance', instance)}`],
  async observe(app, { instance }) {
    await readInstance(app.paths, instance, app.person.home);
    return { names: Object.keys(await readEnvFile(app.paths, instance)) };
  },
  plan({ names }, { instance, file, unset }) {
    const gone = unset.filter((name) => names.includes(name));
    return { steps: file === undefined && gone.length === 0 ? [] : [writeEnvStep(instance, file, gone)] };
  },
  describe: ({ instance, unset, file }) => `instance env ${file === undefined && unset.length > 0 ? 'unset' : 'set'} ${instance}`,
};
