import { resolve } from 'node:path';
import { withoutPointers } from '../../git/command.ts';
import { startWaiting } from '../../host/background.ts';
import { programFile } from '../../host/own-program.ts';
import type { App } from '../../operations/model.ts';
import type { RunRef } from '../model.ts';
import { readRun } from '../store.ts';

/** A process, apart from this one, that is ready to look after a run. */
export interface Driver {
  /** The run's record is there. Where it has a driver already, this one ends by itself. */
  drive(ref: RunRef): void;
  /** There is no run. */
  dismiss(): void;
}

/** Starts a driver, which takes a while: before its run is there, so that both are ready at the same time. */
export async function launchDriver(app: App, engineWanted: string | undefined): Promise<Driver> {
  const [SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR] = [app.paths.config, app.paths.state, app.paths.cache].map((path) => resolve(path));
  const engine = engineWanted === undefined ? [] : ['--engine', engineWanted];
  const { tell, dismiss } = await startWaiting([process.execPath, programFile(), ...engine, 'ci', 'drive'], {
    // A folder that is removed while it is somebody's working directory makes trouble.
    cwd: '/',
    env: { ...withoutPointers(app.env), SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR },
  });
  return { drive: ({ repository, run }) => tell(JSON.stringify({ repository, run })), dismiss };
}

/** A driver for a run that is there. */
export async function launchDriverOf(app: App, ref: RunRef): Promise<void> {
  const { engineWanted } = await readRun(app.paths, ref);
  (await launchDriver(app, engineWanted)).drive(ref);
}
