import { existsSync } from 'node:fs';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { instanceFile } from '../../state/paths.ts';
import { listInstanceNames } from '../store.ts';
import { observeUnits } from '../units/units.ts';
import type { RestartSettings } from './back-off.ts';
import { isSupervised } from './file.ts';
import { supervise } from './supervise.ts';

const lookEveryMs = 2_000;

/** Looks after every instance that has no unit and no supervisor of its own, also those that are made meanwhile, until this process is told to end. */
export async function superviseAll(app: App, restart: RestartSettings): Promise<void> {
  const kept = new Map<string, Promise<void>>();
  while (!app.signal.aborted) {
    for (const name of await unattended(app, kept)) {
      const keeping = supervise(app, name, { restart, stays: true })
        .catch((error: unknown) => {
          if (app.signal.aborted || (error instanceof SlipwayError && error.code === 'E_SUPERVISED')) return;
          app.out.warn(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        })
        .then(() => void kept.delete(name));
      kept.set(name, keeping);
    }
    await app.clock.sleep(lookEveryMs, app.signal).catch(() => {});
  }
  await Promise.all(kept.values());
}

async function unattended(app: App, kept: ReadonlyMap<string, unknown>): Promise<readonly string[]> {
  const names = (await listInstanceNames(app.paths)).filter((name) => !kept.has(name) && existsSync(instanceFile(app.paths, name)));
  const free: string[] = [];
  for (const name of names) if (!(await isSupervised(app.paths, name))) free.push(name);
  const units = await observeUnits(app, free);
  return free.filter((name) => !units.get(name)?.installed);
}
