import { chmod, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Engine } from '../../engine/model.ts';
import type { App } from '../../operations/model.ts';
import { isMissing, makeDirectory, stateError } from '../../state/atomic.ts';
import { runCacheDir, runChannel, runWorkspace } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import { workspaceTarget } from './container-names.ts';
import { startFailure } from './container-ready.ts';
import { execute } from './exec.ts';

/** Makes the folders that the container mounts; an engine would make them as root. */
export async function prepareFolders(app: App, { repository, run }: RunRef, places: readonly string[]): Promise<void> {
  const top = runCacheDir(app.paths, repository, run);
  const channel = runChannel(app.paths, repository, run);
  try {
    await makeDirectory(top);
    // Below it nobody else comes, so that in the channel the container's user may be anybody; what is there only those find who know its name.
    await chmod(top, 0o700);
    await makeDirectory(channel);
    await chmod(channel, 0o733);
    for (const place of places) await makePlace(runWorkspace(app.paths, repository, run), place);
  } catch (cause) {
    throw stateError('write', top, cause);
  }
}

/** A folder in the workspace that a cache is mounted on. Links are the container's to follow: from the first one on, the engine makes what is missing. */
async function makePlace(workspace: string, target: string): Promise<void> {
  const path = posix.relative(workspaceTarget, target);
  if (path.startsWith('..')) return;
  let at = workspace;
  for (const name of path.split('/')) {
    at = join(at, name);
    const found = await lstat(at).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (found === undefined) await mkdir(at);
    else if (!found.isDirectory()) return;
  }
}

/** `chown` does not follow links, and is left out where all is well: a cache may be large. */
const script = `
user=\${1%%:*}
shift
case $user in *[!0-9]*) uid=$(id -u "$user") || exit ;; *) uid=$user ;; esac
for place; do
  [ "$(stat -c %u "$place" 2>/dev/null)" = "$uid" ] || chown -R -h "$uid" "$place" || exit
done`;

/** Gives the workspace and the caches to the image's user. */
export async function ownWorkspace(app: App, engine: Engine, container: string, user: string, places: readonly string[]): Promise<void> {
  const command = ['/bin/sh', '-c', script, 'slipway-ci', user, ...places];
  const { exitCode, text } = await execute(engine, container, { command, user: '0', workingDir: '/' }, app.signal);
  if (exitCode === 0) return;
  const details = await engine.containers.inspect(container, { signal: app.signal });
  throw startFailure(`The workspace could not be given to the image's user ${user}.`, details, text, { user, chown_exit_code: exitCode });
}

/** When a cache was last used: the engine only knows when it was made. */
export async function touchCache(folder: string, volume: string): Promise<void> {
  const file = join(folder, volume);
  try {
    await makeDirectory(folder);
    await rm(file, { force: true });
    await writeFile(file, '');
  } catch (cause) {
    throw stateError('write', file, cause);
  }
}
