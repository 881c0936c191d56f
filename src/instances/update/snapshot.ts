import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { isMissing, makeDirectory, stateError, syncDirectory } from '../../state/atomic.ts';
import { instanceData, instanceSnapshots, type Paths } from '../../state/paths.ts';
import { archiveData, OnlyEngineCan } from './data-archive.ts';
import type { IdMaps } from './id-maps.ts';

export interface Snapshotted {
  readonly instance: string;
  readonly engine: EngineRef;
  /** One that has the data and does not run. */
  readonly container: string;
  /** Where it has the data. */
  readonly target: string;
  /** Without them only the engine can say whose the files are. */
  readonly ids?: IdMaps | undefined;
}

export const snapshotFile = (paths: Paths, instance: string, operation: string) => join(instanceSnapshots(paths, instance), `${operation}.tar`);

/** Writes `data/` of a service that has stopped to `snapshots/<operation>.tar`: whole, or not there. */
export async function takeSnapshot(app: App, operation: string, data: Snapshotted): Promise<void> {
  const file = snapshotFile(app.paths, data.instance, operation);
  const partial = `${file}.partial`;
  try {
    await makeDirectory(instanceSnapshots(app.paths, data.instance), 0o700);
    if (!(await writeFromHost(app, data, partial))) await writeArchive(await fromEngine(app, data), partial, app.signal);
    await rename(partial, file);
    await syncDirectory(instanceSnapshots(app.paths, data.instance));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw stateError('write', file, cause);
  }
}

/** `false`: the engine has to. */
async function writeFromHost(app: App, { instance, target, ids }: Snapshotted, partial: string): Promise<boolean> {
  if (ids === undefined) return false;
  try {
    await writeArchive(await archiveData(instanceData(app.paths, instance), target, ids), partial, app.signal);
    return true;
  } catch (error) {
    if (error instanceof OnlyEngineCan) return false;
    throw error;
  }
}

async function fromEngine(app: App, { instance, engine, container, target }: Snapshotted): Promise<Readable> {
  const archive = await app.engineAt(engine).containers.archiveOut(container, target, { signal: app.signal });
  if (archive !== undefined) return archive;
  throw new SlipwayError('E_NO_SUCH', `The container of ${instance} has no ${target}, so its data cannot be kept.`, {
    hint: '`paths.data` in its config.yml says where the service keeps its data.',
  });
}

/** On the disk before the new version may touch the data. */
async function writeArchive(archive: Readable, file: string, signal: AbortSignal): Promise<void> {
  await pipeline(archive, createWriteStream(file, { mode: 0o600 }), { signal });
  const handle = await open(file, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Removes all snapshots but the newest, by the operations' ids, which sort by time. */
export async function pruneSnapshots(paths: Paths, instance: string, keep: number): Promise<void> {
  const folder = instanceSnapshots(paths, instance);
  try {
    const names = (await readdir(folder)).sort();
    const old = names.filter((name) => name.endsWith('.tar')).slice(0, -keep);
    for (const name of [...old, ...names.filter((one) => one.endsWith('.partial'))]) await rm(join(folder, name), { force: true });
  } catch (cause) {
    if (!isMissing(cause)) throw stateError('remove', folder, cause);
  }
}

/** Of a version that never ran: the data is as it was. */
export async function dropSnapshot(paths: Paths, instance: string, operation: string): Promise<void> {
  const file = snapshotFile(paths, instance, operation);
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw stateError('remove', file, cause);
  });
}
