import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { App } from '../../operations/model.ts';
import { stateError, syncDirectory } from '../../state/atomic.ts';
import { instanceData, instanceDir, type Paths } from '../../state/paths.ts';
import { innerArchive } from './inner-archive.ts';
import { type Snapshotted, snapshotFile } from './snapshot.ts';

/** What the failed version wrote is kept beside the data. */
export const failedData = (paths: Paths, instance: string, version: string, operation: string) =>
  join(instanceDir(paths, instance), `data.failed-${encodeURIComponent(version)}-${operation}`);

/**
 * Puts `data/` back as the snapshot has it, through a container that does not run: whose the files are is right on every engine.
 * Can be repeated: the snapshot goes last.
 */
export async function restoreData(app: App, operation: string, data: Snapshotted, failedVersion: string): Promise<void> {
  const snapshot = snapshotFile(app.paths, data.instance, operation);
  if (!existsSync(snapshot)) return;
  const directory = instanceData(app.paths, data.instance);
  const aside = failedData(app.paths, data.instance, failedVersion, operation);
  try {
    if (!existsSync(aside)) await rename(directory, aside);
    if (!existsSync(directory)) await mkdir(directory);
    await chmod(directory, 0o777).catch(() => {});
    const { containers, kind } = app.engineAt(data.engine);
    if (kind === 'podman') await containers.archiveIn(data.container, data.target, await innerArchive(snapshot));
    else await containers.archiveIn(data.container, posix.dirname(posix.resolve(data.target)), createReadStream(snapshot));
    await rm(snapshot, { force: true });
    await syncDirectory(instanceDir(app.paths, data.instance));
  } catch (cause) {
    throw stateError('write', directory, cause);
  }
}
