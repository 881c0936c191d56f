import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { SlipwayError } from '../../errors.ts';
import { run } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { makeDirectory, stateError, syncDirectory } from '../../state/atomic.ts';
import { instanceData, instanceDir, instanceSnapshots } from '../../state/paths.ts';
import { failedData } from './restore.ts';
import { snapshotFile } from './snapshot.ts';

/** The data of a process is the person's own: the machine's `tar` keeps it as it is. */
export async function snapshotProcessData(app: App, instance: string, operation: string): Promise<void> {
  const file = snapshotFile(app.paths, instance, operation);
  const partial = `${file}.partial`;
  try {
    await makeDirectory(instanceSnapshots(app.paths, instance), 0o700);
    await tar(app, ['-cf', partial, '-C', instanceDir(app.paths, instance), 'data']);
    await rename(partial, file);
    await syncDirectory(instanceSnapshots(app.paths, instance));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw stateError('write', file, cause);
  }
}

/** Can be repeated: the snapshot goes last. */
export async function restoreProcessData(app: App, instance: string, operation: string, failedVersion: string): Promise<void> {
  const snapshot = snapshotFile(app.paths, instance, operation);
  if (!existsSync(snapshot)) return;
  const directory = instanceData(app.paths, instance);
  const aside = failedData(app.paths, instance, failedVersion, operation);
  try {
    if (!existsSync(aside)) await rename(directory, aside);
    if (!existsSync(directory)) await mkdir(directory);
    await tar(app, ['-xpf', snapshot, '-C', instanceDir(app.paths, instance)]);
    await rm(snapshot, { force: true });
    await syncDirectory(instanceDir(app.paths, instance));
  } catch (cause) {
    throw stateError('write', directory, cause);
  }
}

async function tar(app: App, args: readonly string[]): Promise<void> {
  const end = await run(['tar', ...args], { env: { ...app.env, LC_ALL: 'C' } });
  if (end.exitCode === 0) return;
  if (/No space left on device/.test(end.stderr)) throw Object.assign(new Error(end.stderr), { code: 'ENOSPC' });
  throw new SlipwayError('E_STATE', `tar ended with ${end.exitCode ?? end.signal}.`, { detail: end.stderr.trim(), hint: 'Nothing of the data was changed.' });
}
