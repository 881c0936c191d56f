import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import type { Argv, Environment } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { instanceData, instanceLogs } from '../../state/paths.ts';
import { readEnvironment, revealed } from '../environment.ts';
import type { InstanceConfig } from '../model.ts';
import { readRelease } from '../releases/store.ts';

export interface Program {
  readonly argv: Argv;
  /** The whole environment. It holds secrets. */
  readonly env: Environment;
}

/** Of the supervisor's own environment a program gets what every program needs; the rest is its configuration. */
const inherited = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];

/** The program of a `process` as it is started now: each start reads configuration and `.env` anew. */
export async function programOf(app: App, config: InstanceConfig): Promise<Program> {
  const { name, source, command, engine } = config;
  if (!('release' in source)) {
    throw new SlipwayError('E_NO_PROGRAM', `Instance ${name} is a process, and has no release whose program could be run.`, {
      hint: 'Give its config.yml `service` and `version`.',
    });
  }
  if (command === undefined) {
    throw new SlipwayError('E_NO_PROGRAM', `Instance ${name} is a process, and nobody says which program it is.`, {
      hint: "Give `command` in its config.yml, or in the service's `.slipway/service.yml`.",
    });
  }
  const release = await readRelease(app.paths, source.release);
  const files = join(release.directory, 'files');
  const from = Object.fromEntries(inherited.map((key) => [key, app.env[key]]));
  const own = {
    SLIPWAY_CONFIG_DIR: app.paths.config,
    SLIPWAY_STATE_DIR: app.paths.state,
    SLIPWAY_CACHE_DIR: app.paths.cache,
    SLIPWAY_IMAGE: release.imageDigest,
    SLIPWAY_ENGINE: engine.endpoint,
    DATA_DIR: instanceData(app.paths, name),
    LOG_DIR: instanceLogs(app.paths, name),
    RELEASE_DIR: files,
  };
  return { argv: inFiles(command, files), env: { ...from, ...own, ...revealed(await readEnvironment(app.paths, config)) } };
}

/** The program is one of the release's files, else one of the machine's; a word that begins with `./` is a file of the release. */
function inFiles(command: readonly string[], files: string): Argv {
  return command.map((word, index) => {
    const isFile = word.startsWith('./') || (index === 0 && !word.startsWith('/') && existsSync(join(files, word)));
    return isFile ? join(files, word) : word;
  });
}
