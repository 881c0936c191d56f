import { join, resolve } from 'node:path';
import { programFile } from '../../host/own-program.ts';
import type { App } from '../../operations/model.ts';
import { instanceDir, instanceLogs } from '../../state/paths.ts';
import type { InstanceConfig } from '../model.ts';
import { restartVariables } from '../supervision/back-off.ts';
import type { UnitObserved } from './model.ts';
import { renderLaunchdJob, renderSystemdUnit, servicePath, type UnitContent } from './render.ts';

/** The whole text of an instance's unit: a function of its configuration and of where Slipway is and keeps its things. */
export async function instanceUnitText(
  app: App,
  config: InstanceConfig,
  { scope }: Pick<UnitObserved, 'scope'>,
  format: 'systemd' | 'launchd',
): Promise<string> {
  const content: UnitContent = {
    instance: config.name,
    install: await app.installId(),
    scope,
    program: [process.execPath, programFile()],
    directory: resolve(instanceDir(app.paths, config.name)),
    log: resolve(join(instanceLogs(app.paths, config.name), 'supervisor.log')),
    environment: environmentInForce(app),
    user: app.person,
    stopTimeoutSeconds: config.stopTimeoutSeconds,
    endpoint: config.engine.endpoint,
  };
  return format === 'launchd' ? renderLaunchdJob(content) : renderSystemdUnit(content);
}

/** The same folders and engine as the command that installs it. */
function environmentInForce({ paths, env }: App): Readonly<Record<string, string>> {
  const given = ['SLIPWAY_ENGINE', ...restartVariables].flatMap((name) => {
    const value = env[name];
    return value ? [[name, value] as const] : [];
  });
  return {
    SLIPWAY_CONFIG_DIR: resolve(paths.config),
    SLIPWAY_STATE_DIR: resolve(paths.state),
    SLIPWAY_CACHE_DIR: resolve(paths.cache),
    PATH: servicePath(process.execPath),
    ...Object.fromEntries(given),
  };
}
