import { SlipwayError } from '../../errors.ts';
import { launchdAnswers } from '../../host/launchd.ts';
import type { App, Plan, Step, Verb } from '../../operations/model.ts';
import { checkIdentifier } from '../../state/identifiers.ts';
import { lockHolder } from '../../state/lock.ts';
import { locksDir } from '../../state/paths.ts';
import type { InstanceConfig, InstanceState } from '../model.ts';
import { readInstance, readInstanceIfAny, readInstanceState } from '../store.ts';
import { detachedVerb, supervisionLock } from '../supervision/file.ts';
import { instanceLock } from '../supervision/request.ts';
import type { UnitObserved, UnitScope } from './model.ts';
import { instanceUnitText } from './text.ts';
import { observeUnit, unitSteps } from './units.ts';

const locks = ({ instance }: { readonly instance: string }) => [instanceLock(checkIdentifier('instance', instance))];

export interface InstallWanted {
  readonly instance: string;
  /** Default: the system's for root, else the person's own. */
  readonly scope?: UnitScope;
  /** A person's units are to live without a session. */
  readonly linger: boolean;
}

export interface InstallObserved {
  readonly config: InstanceConfig;
  readonly state: InstanceState;
  readonly unit: UnitObserved;
  /** Where one of this install is elsewhere. */
  readonly other: UnitObserved | undefined;
  readonly text: string;
  readonly person: { readonly name: string; readonly uid: number };
  /** `detached`: by the process that `instance start` left behind for a program. */
  readonly supervised: 'no' | 'detached' | 'otherwise';
  readonly dryRun: boolean;
}

/** Writes the instance's unit and brings it into force. */
export const installInstance: Verb<InstallWanted, InstallObserved> = {
  name: 'instance.install',
  locks,
  observe: observeInstall,
  plan: planInstall,
  describe: ({ instance }) => `instance install ${instance}`,
};

async function observeInstall(app: App, { instance, scope }: InstallWanted): Promise<InstallObserved> {
  const config = await readInstance(app.paths, instance, app.person.home);
  const found = await observeUnit(app, instance);
  const unit = scope === undefined || scope === found.scope ? found : await observeUnit(app, instance, scope);
  return {
    config,
    state: await readInstanceState(app.paths, instance),
    unit,
    other: unit === found || !found.installed ? undefined : found,
    text: await instanceUnitText(app, config, unit, launchdAnswers() ? 'launchd' : 'systemd'),
    person: app.person,
    supervised: await supervisedBy(app, instance),
    dryRun: app.dryRun,
  };
}

async function supervisedBy(app: App, instance: string): Promise<InstallObserved['supervised']> {
  const holder = await lockHolder(locksDir(app.paths), supervisionLock(instance));
  if (holder === undefined) return 'no';
  return holder.verb === detachedVerb(instance) ? 'detached' : 'otherwise';
}

export function planInstall(seen: InstallObserved, { instance, linger }: InstallWanted): Plan {
  const { unit, text, state, person, supervised } = seen;
  forbid(seen, instance);
  const start = state.desired === 'running';
  const request = { instance, unit, text, start, ...(linger ? { linger: person.name } : {}) };
  const steps = unitSteps('install', request);
  if (start && supervised === 'otherwise' && !unit.active) {
    throw new SlipwayError('E_SUPERVISED', `Instance ${instance} is looked after by another process already.`, {
      hint: 'End that `slipway supervise`, then run the command again.',
    });
  }
  const handOver: readonly Step[] = supervised === 'detached' ? [{ do: 'instance.process-hand-over', instance }] : [];
  return { steps: [...handOver, ...steps] };
}

function forbid({ unit, other, person, dryRun }: InstallObserved, instance: string): void {
  if (unit.foreign) {
    throw new SlipwayError('E_UNIT_TAKEN', `${unit.file} is there, and this install of Slipway did not write it.`, {
      hint: 'Remove it, or give the instance another name. Slipway leaves it alone.',
    });
  }
  if (other !== undefined) {
    throw new SlipwayError('E_UNIT_TAKEN', `Instance ${instance} has a unit already: ${other.file}.`, {
      hint: `Run \`slipway instance uninstall ${instance}\` first.`,
    });
  }
  if (dryRun) return;
  if (unit.scope === 'system' && person.uid !== 0) {
    throw new SlipwayError('E_UNIT_PERMISSION', 'Units of the system are written by root.', {
      hint: `Run the command as root, or \`slipway instance install ${instance} --user\` for a unit of your own.`,
    });
  }
  if (unit.manager === 'none') {
    throw new SlipwayError('E_NO_SERVICE_MANAGER', `Neither systemd nor launchd answers here for units of ${unit.scope === 'user' ? 'yours' : 'the system'}.`, {
      hint: `\`slipway supervise ${instance}\` looks after it in the foreground, and does the same.`,
    });
  }
}

export interface UninstallWanted {
  readonly instance: string;
}

export interface UninstallObserved {
  readonly unit: UnitObserved;
  readonly config: InstanceConfig | undefined;
  readonly state: InstanceState;
  readonly person: { readonly uid: number };
}

/** Takes the unit away. What it looks after runs on: a container as it is, a program under a supervisor without a unit. */
export const uninstallInstance: Verb<UninstallWanted, UninstallObserved> = {
  name: 'instance.uninstall',
  locks,
  async observe(app, { instance }) {
    return {
      unit: await observeUnit(app, instance),
      config: await readInstanceIfAny(app.paths, instance, app.person.home),
      state: await readInstanceState(app.paths, instance),
      person: app.person,
    };
  },
  plan({ unit, config, state, person }, { instance }) {
    if (unit.installed && unit.scope === 'system' && person.uid !== 0) {
      throw new SlipwayError('E_UNIT_PERMISSION', 'Units of the system are removed by root.', { hint: 'Run the command as root.' });
    }
    const steps = unitSteps('uninstall', { instance, unit });
    const goesOn = steps.length > 0 && config?.kind === 'process' && state.desired === 'running';
    return { steps: [...steps, ...(goesOn ? [{ do: 'instance.process-start', instance }] : [])] };
  },
  reached: ({ unit }) => !unit.installed,
  describe: ({ instance }) => `instance uninstall ${instance}`,
};
