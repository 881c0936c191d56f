import type { App, Step } from '../../operations/model.ts';
import { observeEach } from './observe.ts';
import type { UnitObserved, UnitScope } from './model.ts';
import { installCommands, managerCommand, uninstallCommands } from './commands.ts';

export type { UnitObserved, UnitScope } from './model.ts';

export interface UnitRequest {
  readonly instance: string;
  /** From `observeUnit`. */
  readonly unit: UnitObserved;
  /** Of `install`: the unit's whole text, from `instanceUnitText`. */
  readonly text?: string;
  /** Of `install`: start it at once too. */
  readonly start?: boolean;
  /** Of `install`: the person whose units are to live without a session. */
  readonly linger?: string;
}

/** Asks the manager about one unit; `scope`: only there. */
export async function observeUnit(app: App, name: string, scope?: UnitScope): Promise<UnitObserved> {
  const unit = (await observeEach(app, [name], scope)).get(name);
  if (unit === undefined) throw new Error(`${name} was asked for`);
  return unit;
}

/** Of many instances at once: one question to each manager that has one of them. */
export const observeUnits = (app: App, names: readonly string[]): Promise<ReadonlyMap<string, UnitObserved>> => observeEach(app, names);

/**
 * The steps that bring a unit into force or take it away; none where nothing is to be done. `start` and `stop` are for instances that
 * have a unit (else they give no steps): after the container was started or stopped, since the supervisor takes over what it finds.
 */
export function unitSteps(action: 'install' | 'uninstall' | 'start' | 'stop', request: UnitRequest): readonly Step[] {
  const { instance, unit } = request;
  const commands = (all: readonly (readonly string[])[]) => all.map((argv): Step => ({ do: 'instance.unit-command', instance, scope: unit.scope, argv }));
  switch (action) {
    case 'install': {
      const { text = '' } = request;
      const isNew = unit.text !== text;
      const write: readonly Step[] = isNew ? [{ do: 'instance.unit-write', instance, file: unit.file, text }] : [];
      return [...write, ...commands(installCommands(unit, { isNew, start: request.start ?? false, linger: request.linger }))];
    }
    case 'uninstall': {
      if (!unit.installed) return [];
      const { before, after } = uninstallCommands(unit);
      return [...commands(before), { do: 'instance.unit-remove', instance, file: unit.file }, ...commands(after)];
    }
    default:
      return unit.installed && unit.manager !== 'none' ? commands(managerCommand(unit, action)) : [];
  }
}
