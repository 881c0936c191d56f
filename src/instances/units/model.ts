import type { ServiceScope } from '../../host/systemd.ts';

export type UnitManager = 'systemd' | 'launchd' | 'none';
export type UnitScope = ServiceScope;

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
  /** There is a file of that name which this install has not written. */
  readonly foreign: boolean;
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
  /** In front of launchd's words for it: `system`, `gui/501`. */
  readonly domain: string;
}
