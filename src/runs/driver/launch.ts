import { join, resolve } from 'node:path';
import { withoutPointers } from '../../git/command.ts';
import { programFile } from '../../host/own-program.ts';
import { startDetached } from '../../host/background.ts';
import type { App } from '../../operations/model.ts';
import { runDir } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import { readRun } from '../store.ts';

/** Starts the process that looks after a run, apart from this one. Where the run has one already, the new one ends by itself. */
export async function launchDriver(app: App, ref: RunRef): Promise<void> {
  const { engineWanted } = await readRun(app.paths, ref);
  const [SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR] = [app.paths.config, app.paths.state, app.paths.cache].map((path) => resolve(path));
  const engine = engineWanted === undefined ? [] : ['--engine', engineWanted];
  const record = runDir(app.paths, ref.repository, ref.run);
  await startDetached([process.execPath, programFile(), ...engine, 'ci', 'drive', ref.repository, ref.run], {
    // A folder that is removed while it is somebody's working directory makes trouble.
    cwd: '/',
    env: { ...withoutPointers(app.env), SLIPWAY_CONFIG_DIR, SLIPWAY_STATE_DIR, SLIPWAY_CACHE_DIR },
    logFile: join(record, 'driver.log'),
  });
}
