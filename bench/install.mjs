import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../scripts/lab/run.mjs';
import { filters } from './measure/engine-client.mjs';
import { program } from './measure/program.mjs';

/**
 * @typedef {import('./engines.mjs').BenchEngine} BenchEngine
 * @typedef {import('./measure/program.mjs').User} User
 */

/** An agent without a network or a key. */
const shellAgent = `label: Shell
install: ["true"]
version: [sh, -c, "echo 1"]
command: [sh]
headless:
  command: [sh, -c, "{prompt}"]
`;

/** An install of Slipway for one engine, with a built project. `remove` takes away all that it made. */
export class Install {
  directory = mkdtempSync('/var/tmp/slipway-b-');
  project = `bench${process.pid}`;
  /** @type {readonly string[]} */
  images = ['l0', 'l1-cli', 'l2-cli'];

  /** @param {BenchEngine} engine @param {string} slipway the built program @param {User} [user] whose install it is; default: who runs this */
  constructor(engine, slipway, user) {
    this.engine = engine;
    this.slipway = slipway;
    this.user = user;
    this.env = {
      ...engine.env,
      HOME: this.path('home'),
      SLIPWAY_CONFIG_DIR: this.path('config'),
      SLIPWAY_STATE_DIR: this.path('state'),
      SLIPWAY_CACHE_DIR: this.path('cache'),
      SLIPWAY_ENGINE: engine.endpoint,
    };
  }

  /** @param {readonly string[]} parts */
  path(...parts) {
    return join(this.directory, ...parts);
  }

  /** A project on a local repository, with its three images. */
  async build() {
    const { project } = this;
    for (const folder of ['home', 'repository', 'config/agents', `config/projects/${project}`]) mkdirSync(this.path(folder), { recursive: true });
    writeFileSync(this.path('repository', 'README.md'), '# Bench\n');
    const git = ['git', '-C', this.path('repository'), '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    await run([...git, 'init', '-q', '-b', 'main']);
    await run([...git, 'add', '-A']);
    await run([...git, 'commit', '-q', '-m', 'First']);
    writeFileSync(this.path('config/agents/shell.yml'), shellAgent);
    writeFileSync(
      this.path('config/projects', project, 'project.yml'),
      `id: ${project}\nrepository: ${this.path('repository')}\nbranch: main\nbase: ${this.engine.image}\nagents: [shell]\ndefault_agent: shell\nbuild:\n  network: none\n`,
    );
    await this.own();
    await this.run('build', project);
  }

  /** Gives everything below the folder to the user. */
  async own() {
    if (this.user) await run(['chown', '-R', `${this.user.uid}:${this.user.gid}`, this.directory]);
  }

  /** @param {readonly string[]} args */
  argv(...args) {
    return [process.execPath, this.slipway, ...args];
  }

  /** Runs a command that has to succeed. @param {readonly string[]} args */
  run(...args) {
    return run(this.argv(...args), { env: this.env, ...this.user });
  }

  /** One side of a comparison. @param {string} name @param {readonly string[]} args */
  side(name, ...args) {
    return program(name, this.argv(...args), this.env, this.user);
  }

  /** The same in a folder. @param {string} cwd @param {string} name @param {readonly string[]} args */
  sideIn(cwd, name, ...args) {
    return program(name, this.argv(...args), this.env, this.user, cwd);
  }

  /** The engine's own program on the other side. @param {readonly string[]} args */
  other(...args) {
    return program(`${this.engine.program[0]} ${args[0]}`, [...this.engine.program, ...args], this.env);
  }

  get id() {
    return JSON.parse(readFileSync(this.path('state/install.json'), 'utf8')).id;
  }

  /** What Slipway asks to judge this project's images: one look at the base and at each layer by its name. */
  async imageQuestions() {
    const { client, image, name } = this.engine;
    const found = await client.call('GET', `/images/json?${filters({ label: [`io.slipway.install=${this.id}`] })}`);
    const names = found.flatMap((/** @type {{ RepoTags: readonly string[] }} */ { RepoTags: tags }) => tags.filter((tag) => !/[:-]fp-[0-9a-f]+$/.test(tag)));
    const api = name === 'docker' ? '' : '/libpod';
    return [image, ...names].map((reference) => `${api}/images/${reference}/json`);
  }

  /** @param {string} task */
  container(task) {
    return `${this.project}-cli-${task}`;
  }

  /** Containers and images of this install, then its folders. */
  async remove() {
    try {
      // Nothing was made where its first command failed.
      if (!existsSync(this.path('state/install.json'))) return;
      await this.removeContainers();
      await this.#removeImages();
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  async removeContainers() {
    const { client } = this.engine;
    const found = await client.call('GET', `/containers/json?all=true&${filters({ label: [`io.slipway.install=${this.id}`] })}`);
    for (const { Id } of found) {
      // Podman refuses to stop one that never ran, and waits ten seconds to remove one that runs.
      await client.call('POST', `/containers/${Id}/stop?t=0`).catch(() => {});
      await client.call('DELETE', `/containers/${Id}?force=true&v=true`);
    }
  }

  /** No image goes before its children, so it takes rounds. */
  async #removeImages() {
    const { client } = this.engine;
    for (let round = 0; round < 5; round++) {
      const found = await client.call('GET', `/images/json?all=true&${filters({ label: [`io.slipway.install=${this.id}`] })}`);
      if (found.length === 0) return;
      for (const { Id } of found) await client.call('DELETE', `/images/${Id}?force=true`).catch(() => {});
    }
    throw new Error(`images of install ${this.id} are left on ${this.engine.name}`);
  }
}
