import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, tell } from '../../scripts/lab/run.mjs';
import { filters } from '../measure/engine-client.mjs';
import { alternate } from '../measure/alternate.mjs';
import { program } from '../measure/program.mjs';
import { timesFaster } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

const VERSION = '0.89.0';
const OTHER = 'devcontainer up';

/** From nothing to a running container on the same image: `task start`, which also clones the repository, against `devcontainer up`. @param {Bench} bench @param {Install} install */
export async function devcontainer({ runs }, install) {
  const { client, endpoint, name } = install.engine;
  const workspace = install.path('devcontainer');
  mkdirSync(join(workspace, '.devcontainer'), { recursive: true });
  // Its own way of giving files to the person builds another image: it is spared that.
  const settings = { image: `${install.project}:l2-cli`, remoteUser: 'dev' };
  writeFileSync(join(workspace, '.devcontainer/devcontainer.json'), JSON.stringify(settings));
  const env = { ...install.env, DOCKER_HOST: endpoint };
  const up = program(OTHER, [process.execPath, await installed(), 'up', '--workspace-folder', workspace], env);
  const removeIts = async () => {
    const found = await client.call('GET', `/containers/json?all=true&${filters({ label: [`devcontainer.local_folder=${workspace}`] })}`);
    for (const { Id } of found) await client.call('DELETE', `/containers/${Id}?force=true&v=true`);
  };
  const sides = [
    { ...install.side('slipway', 'task', 'start', install.project), after: () => install.removeContainers() },
    { ...up, after: removeIts },
  ];
  try {
    const times = await alternate(`new task, ${name}`, sides, runs);
    return [{ name: 'new task to running container', engine: name, times, target: timesFaster(times, OTHER, 4) }];
  } finally {
    await removeIts();
  }
}

/** Its program, in the cache of this checkout: no part of what everybody installs. */
async function installed() {
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/slipway-bench/devcontainers-${VERSION}`, import.meta.url));
  const file = join(folder, 'node_modules/@devcontainers/cli/devcontainer.js');
  if (!existsSync(file)) {
    tell(`installing @devcontainers/cli ${VERSION}`);
    mkdirSync(folder, { recursive: true });
    await run(['npm', 'install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `@devcontainers/cli@${VERSION}`]);
  }
  return file;
}
