import { systemctl } from '../../host/systemd.ts';
import type { UnitObserved } from './model.ts';

type Commands = readonly (readonly string[])[];

export interface InstallOptions {
  /** The file was written just now. */
  readonly isNew: boolean;
  readonly start: boolean;
  /** The person whose units are to live without a session. */
  readonly linger: string | undefined;
}

/** What the manager is told once the file is there. */
export function installCommands(unit: UnitObserved, options: InstallOptions): Commands {
  return unit.manager === 'launchd' ? installJob(unit, options) : installUnit(unit, options);
}

function installUnit({ scope, unit, enabled, active, failed, lingering }: UnitObserved, { isNew, start, linger }: InstallOptions): Commands {
  return [
    ...(isNew ? [systemctl(scope, 'daemon-reload')] : []),
    ...(enabled ? [] : [systemctl(scope, 'enable', unit)]),
    ...(start && failed ? [systemctl(scope, 'reset-failed', unit)] : []),
    ...(start && !active ? [systemctl(scope, 'start', unit)] : []),
    // The one that a machine may deny a person: all else is done then.
    ...(linger !== undefined && lingering === false ? [['loginctl', 'enable-linger', linger]] : []),
  ];
}

/** launchd reads a file when it is told of it, and starts the job then: `RunAtLoad`. */
function installJob({ domain, unit, file, enabled, active }: UnitObserved, { isNew, start }: InstallOptions): Commands {
  const job = `${domain}/${unit}`;
  if (!isNew && enabled) return start && !active ? [['launchctl', 'kickstart', job]] : [];
  return [...(enabled ? [['launchctl', 'bootout', job]] : []), ['launchctl', 'enable', job], ['launchctl', 'bootstrap', domain, file]];
}

/** Around the removal of the file. */
export function uninstallCommands({ manager, scope, unit, domain, enabled, active, failed }: UnitObserved): {
  readonly before: Commands;
  readonly after: Commands;
} {
  switch (manager) {
    case 'systemd':
      return {
        before: [...(active ? [systemctl(scope, 'stop', unit)] : []), ...(enabled ? [systemctl(scope, 'disable', unit)] : [])],
        after: [...(failed ? [systemctl(scope, 'reset-failed', unit)] : []), systemctl(scope, 'daemon-reload')],
      };
    case 'launchd':
      return { before: enabled ? [['launchctl', 'bootout', `${domain}/${unit}`]] : [], after: [] };
    case 'none':
      return { before: [], after: [] };
  }
}

export function managerCommand({ manager, scope, unit, domain, active, failed }: UnitObserved, action: 'start' | 'stop'): Commands {
  if (action === 'start' ? active : !active) return [];
  const job = `${domain}/${unit}`;
  if (manager === 'launchd') return [action === 'start' ? ['launchctl', 'kickstart', job] : ['launchctl', 'kill', 'SIGTERM', job]];
  return [...(action === 'start' && failed ? [systemctl(scope, 'reset-failed', unit)] : []), systemctl(scope, action, unit)];
}
