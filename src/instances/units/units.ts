import type { App, Step } from '../../operations/model.ts';

export type UnitManager = 'systemd' | 'launchd' | 'none';
export type UnitScope = 'system' | 'user';

/** What is true of an instance's service unit now. */
export interface UnitObserved {
  /** `none`: neither systemd nor launchd answers here. */
  readonly manager: UnitManager;
  /** Where it is installed, else where it would be: root's is the system's, a person's their own. */
  readonly scope: UnitScope;
  /** `slipway-<name>.service`, `io.slipway.<name>`. */
  readonly unit: string;
  /** Absolute path of the unit's file. */
  readonly file: string;
  readonly installed: boolean;
  /** Its text, where it is installed. */
  readonly text: string | undefined;
  /** Comes up with the machine, or with its person's session. */
  readonly enabled: boolean;
  /** Its supervisor runs. */
  readonly active: boolean;
  /** The manager has given it up. */
  readonly failed: boolean;
  /** Of a user's unit on systemd: whether it lives on without a session. */
  readonly lingering: boolean | undefined;
}

export interface UnitRequest {
  readonly instance: string;
  /** From `observeUnit`. */
  readonly unit: UnitObserved;
  /** Of `install`: the unit's whole text, from `renderInstanceUnit`. */
  readonly text?: string;
  /** Of `install`: start it at once too. */
  readonly start?: boolean;
  /** Of `install`: let the person's units live without a session. */
  readonly linger?: boolean;
}

/** Asks the manager about one unit; `scope`: only there. */
export function observeUnit(_app: App, _name: string, _scope?: UnitScope): Promise<UnitObserved> {
  throw new Error('to come');
}

/** Of many instances at once: one question to each manager that has one of them. */
export function observeUnits(_app: App, _names: readonly string[]): Promise<ReadonlyMap<string, UnitObserved>> {
  throw new Error('to come');
}

/**
 * The steps that bring a unit into force or take it away; none where nothing is to be done. `start` and `stop` are for instances that
 * have a unit (else they give no steps): after the container was started or stopped, since the supervisor takes over what it finds.
 */
export function unitSteps(_action: 'install' | 'uninstall' | 'start' | 'stop', _request: UnitRequest): readonly Step[] {
  return [];
}
