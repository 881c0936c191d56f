import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, tell } from '../../scripts/lab/run.mjs';
import { alternate } from '../measure/alternate.mjs';
import { filters } from '../measure/engine-client.mjs';
import { program } from '../measure/program.mjs';
import { timesFaster } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

const VERSION = '0.89.0';
const UP = 'devcontainer up';
const SPARED = "devcontainer up, files not its user's";

/**
 * From nothing to a running container on the same image, for a person who is not root and has another id than the image's user:
 * `task start`, which also clones the repository, against `devcontainer up` in a new folder. That gives the folder's files to
 * the user by building an image of its own; the third side spares it that.
 * @param {Bench} bench
 * @param {Install} install
 */
export async function devcontainer({ runs }, install) {
  const { name } = install.engine;
  const cli = await installed();
  const sides = [
    { ...install.side('slipway', 'task', 'start', install.project), after: () => install.removeContainers() },
    new Up(install, cli, 'given', {}).side(UP),
    new Up(install, cli, 'spared', { updateRemoteUserUID: false }).side(SPARED),
  ];
  const times = await alternate(`new task, ${name}`, sides, runs);
  return [{ name: 'new task to running container', engine: name, times, target: timesFaster(times, UP, 4) }];
}

/** `devcontainer up`, each time in a folder that it has not seen. */
class Up {
  #round = 0;

  /** @param {Install} install @param {string} cli @param {string} folder @param {object} settings */
  constructor(install, cli, folder, settings) {
    this.install = install;
    this.cli = cli;
    this.folder = folder;
    this.settings = { image: `${install.project}:l2-cli`, remoteUser: 'dev', ...settings };
  }

  get workspace() {
    return this.install.path(`${this.folder}-${this.#round}`);
  }

  /** @param {string} name @returns {import('../measure/alternate.mjs').Side} */
  side(name) {
    return { name, before: () => this.#prepare(), run: () => this.#up(), after: () => this.#remove() };
  }

  async #prepare() {
    this.#round += 1;
    mkdirSync(join(this.workspace, '.devcontainer'), { recursive: true });
    writeFileSync(join(this.workspace, '.devcontainer/devcontainer.json'), JSON.stringify(this.settings));
    await this.install.own();
  }

  #up() {
    const { engine, env, user } = this.install;
    const argv = [process.execPath, this.cli, 'up', '--workspace-folder', this.workspace];
    // It keeps files in a folder by its user's name there, which may be left of another run, whose user had that name and another id.
    const TMPDIR = this.install.path('home');
    return program(UP, argv, { ...env, TMPDIR, DOCKER_HOST: engine.endpoint }, user).run();
  }

  async #remove() {
    const { client } = this.install.engine;
    const found = await client.call('GET', `/containers/json?all=true&${filters({ label: [`devcontainer.local_folder=${this.workspace}`] })}`);
    for (const { Id, Image } of found) {
      await client.call('DELETE', `/containers/${Id}?force=true&v=true`);
      if (Image.startsWith('vsc-')) await client.call('DELETE', `/images/${Image}`);
    }
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
