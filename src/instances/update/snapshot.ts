import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { run } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { isMissing, makeDirectory, stateError, syncDirectory } from '../../state/atomic.ts';
import { instanceData, instanceDir, instanceSnapshots, type Paths } from '../../state/paths.ts';
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
    await writeSnapshot(app, data, partial);
    await rename(partial, file);
    await syncDirectory(instanceSnapshots(app.paths, data.instance));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    app.signal.throwIfAborted();
    throw stateError('write', file, cause);
  }
}

/**
 * The host is the quickest. Docker's own archive is as good; Podman 4's names the container's user as the owner of everything, so
 * that there the person's user namespace is entered, in which ids are the container's.
 */
async function writeSnapshot(app: App, data: Snapshotted, partial: string): Promise<void> {
  const { ids } = data;
  if (ids !== undefined && (await writeFromHost(app, { ...data, ids }, partial))) return;
  const engine = app.engineAt(data.engine);
  // Podman may take a third of a second for this, while nothing serves.
  const { kind, rootless, locality } = await engine.info({ signal: app.signal });
  const isSame = kind === 'podman' && !rootless && locality === 'local';
  if (ids === undefined && isSame && (await writeFromHost(app, { ...data, ids: sameIds }, partial))) return;
  if (kind === 'docker') return writeArchive(await fromEngine(app, data), partial, app.signal);
  if (!rootless || locality !== 'local') throw unreadable(app, data);
  const folder = instanceDir(app.paths, data.instance);
  // Its remote client has no `unshare`.
  const { env } = engine.program();
  const argv = ['podman', 'unshare', 'tar', '--numeric-owner', '-C', folder, '-cf', partial, basename(instanceData(app.paths, data.instance))];
  const end = await run(argv, { env: { ...app.env, ...env, LC_ALL: 'C' }, signal: app.signal });
  app.signal.throwIfAborted();
  if (end.exitCode !== 0) throw unreadable(app, data, end.stderr.trim());
  await syncFile(partial);
}

/** Of an engine that gives containers no user namespace of their own. */
const sameIds: IdMaps = { uid: [{ inside: 0, outside: 0, count: 2 ** 32 - 1 }], gid: [{ inside: 0, outside: 0, count: 2 ** 32 - 1 }] };

/** `false`: it would not be whole. */
async function writeFromHost(app: App, { instance, target, ids }: Snapshotted & { readonly ids: IdMaps }, partial: string): Promise<boolean> {
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

function unreadable(app: App, { instance }: Snapshotted, detail?: string): SlipwayError {
  return new SlipwayError('E_DATA_UNREADABLE', `The data of ${instance} has files that ${app.person.name} cannot read, so no snapshot of it can be kept.`, {
    hint: `Run the update as root, or give ${app.person.name} the right to read ${instanceData(app.paths, instance)}.`,
    ...(detail ? { detail } : {}),
  });
}

/** On the disk before the new version may touch the data. */
async function writeArchive(archive: Readable, file: string, signal: AbortSignal): Promise<void> {
  await pipeline(archive, createWriteStream(file, { mode: 0o600 }), { signal });
  await syncFile(file);
}

async function syncFile(file: string): Promise<void> {
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
