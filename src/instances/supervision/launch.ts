import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { programFile } from '../../host/own-program.ts';
import { startDetached } from '../../host/background.ts';
import { run } from '../../host/process.ts';
import { systemdEnvironment } from '../../host/systemd.ts';
import type { App } from '../../operations/model.ts';
import { instanceLogs } from '../../state/paths.ts';
import { managerCommand } from '../units/commands.ts';
import { askerOf } from '../units/observe.ts';
import { supervisedByVariable } from '../units/render.ts';
import { observeUnit } from '../units/units.ts';

/** What the supervisor that nobody looks at says. */
export const supervisorLog = (app: App, instance: string) => join(instanceLogs(app.paths, instance), 'supervisor.log');

/** Starts a supervisor that outlives this process: the instance's unit where it has one, else a process of its own. */
export async function launchSupervisor(app: App, instance: string): Promise<void> {
  const unit = await observeUnit(app, instance);
  if (unit.installed && unit.manager !== 'none') {
    for (const argv of managerCommand(unit, 'start')) {
      const end = await run(argv, { env: systemdEnvironment(askerOf(app)) });
      if (end.exitCode !== 0) {
        throw new SlipwayError('E_UNIT', `\`${argv.join(' ')}\` ended with ${end.exitCode ?? end.signal}.`, {
          hint: 'Mend what it complains about, then run the command again.',
          ...(end.stderr.trim() === '' ? {} : { detail: end.stderr.trim() }),
        });
      }
    }
    return;
  }
  const [SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR] = [app.paths.config, app.paths.state, app.paths.cache].map((path) => resolve(path));
  mkdirSync(instanceLogs(app.paths, instance), { recursive: true });
  await startDetached([process.execPath, programFile(), 'supervise', instance], {
    // A folder that is removed while it is somebody's working directory makes trouble.
    cwd: '/',
    env: { ...app.env, SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR, [supervisedByVariable]: 'slipway' },
    logFile: supervisorLog(app, instance),
  });
}
