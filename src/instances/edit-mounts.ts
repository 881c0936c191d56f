import type { Mount } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { Verb } from '../operations/model.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { checkSources } from './check-sources.ts';
import type { InstanceConfig, InstanceRef } from './model.ts';
import { writeConfigStep } from './step-data.ts';
import { readInstance } from './store.ts';

export interface EditMountsWanted extends InstanceRef {
  readonly add?: Mount;
  /** Its target in the container. */
  readonly remove?: string;
}

/** `mounts` of config.yml alone: the service has them from the next container on, which `instance start` makes. */
export const editMounts: Verb<EditMountsWanted, InstanceConfig> = {
  name: 'instance.edit-mounts',
  locks: ({ instance }) => [`instance/${checkIdentifier('instance', instance)}`],
  async observe(app, { instance, add }) {
    const config = await readInstance(app.paths, instance, app.person.home);
    if (add !== undefined) await checkSources({ ...config, mounts: [add] });
    return config;
  },
  plan(config, { add, remove }) {
    const mounts = add === undefined ? without(config, remove ?? '') : withMount(config, add);
    return { steps: mounts === config.mounts ? [] : [writeConfigStep({ ...config, mounts })] };
  },
  reached: ({ mounts }, { add, remove }) =>
    add === undefined ? mounts.every(({ target }) => target !== remove) : mounts.some(({ target }) => target === add.target),
  describe: ({ instance, add }) => `instance mount ${add === undefined ? 'remove' : 'add'} ${instance}`,
};

function withMount({ name, mounts, paths }: InstanceConfig, add: Mount): readonly Mount[] {
  const taken = [paths.data, paths.logs, paths.projects?.target, ...mounts.map(({ target }) => target)];
  const same = mounts.find(({ target }) => target === add.target);
  if (same !== undefined && same.type === add.type && same.source === add.source && (same.readOnly ?? false) === (add.readOnly ?? false)) return mounts;
  if (taken.includes(add.target)) {
    throw new SlipwayError('E_MOUNT_TAKEN', `Instance ${name} has something mounted at ${add.target} already.`, {
      hint: `\`slipway instance mount list ${name}\` shows it.`,
    });
  }
  return [...mounts, add];
}

function without({ name, mounts }: InstanceConfig, target: string): readonly Mount[] {
  if (!mounts.some((mount) => mount.target === target)) {
    throw new SlipwayError('E_NO_MOUNT', `Instance ${name} has no mount at ${target}.`, { hint: `\`slipway instance mount list ${name}\` shows its mounts.` });
  }
  return mounts.filter((mount) => mount.target !== target);
}
