import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install as installPackages } from '../../scripts/lab/packages.mjs';
import { run, tell } from '../../scripts/lab/run.mjs';
import { alternate } from '../measure/alternate.mjs';
import { program } from '../measure/program.mjs';
import { gitlabPipeline, makeRepository, slipwayPipeline, trivialJobs } from '../pipeline-repository.mjs';
import { timesFaster } from '../target.mjs';

/**
 * @typedef {import('../run.mjs').Bench} Bench
 * @typedef {import('../install.mjs').Install} Install
 */

const VERSION = '4.75.1';
/** It needs a newer Node.js than Slipway's oldest: this one is its own. */
const NODE_VERSION = '22.23.3';
const NAME = 'gitlab-ci-local';
const SPARED = `${NAME}, its pipeline unchecked`;

/**
 * The same jobs in the same image, each command from its start to its exit: 50 trivial steps as one job, as five and as ten. It gives
 * each job a container of its own and runs the job's lines as one script; the third side spares it checking the pipeline's form.
 * @param {Bench} bench
 * @param {Install} install
 */
export async function gitlabCiLocal({ runs }, install) {
  const { engine } = install;
  const argv = await installed();
  const results = [];
  for (const count of [1, 5, 10]) {
    const jobs = trivialJobs(count, 50);
    const folder = `jobs-${count}`;
    const repository = install.path(folder);
    await makeRepository(repository, { '.slipway/ci.yml': slipwayPipeline(jobs, engine.image), '.gitlab-ci.yml': gitlabPipeline(jobs, engine.image) });
    const env = { ...install.env, DOCKER_HOST: engine.endpoint };
    // Its own helper image cannot be had without a registry; what it does there any image with a shell can.
    const given = [...argv, '--pull-policy', 'if-not-present', '--helper-image', engine.image];
    const sides = [
      install.sideIn(repository, 'slipway', 'ci', 'run'),
      program(NAME, given, env, undefined, repository),
      program(SPARED, [...given, '--no-json-schema-validation'], env, undefined, repository),
    ];
    const words = count === 1 ? 'one job of 50 trivial steps' : `${count} jobs of ${50 / count} trivial steps`;
    const times = await alternate(`${words}, ${engine.name}`, sides, runs);
    results.push({ name: `\`ci run\` of ${words}`, engine: engine.name, times, target: timesFaster(times, NAME, 3) });
  }
  return results;
}

/** Its program and its Node.js, in the cache of this checkout: no part of what everybody installs. */
async function installed() {
  await installPackages(['rsync']);
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/slipway-bench/${NAME}-${VERSION}`, import.meta.url));
  const nodePackage = `node-linux-${process.arch}`;
  const argv = [join(folder, `node_modules/${nodePackage}/bin/node`), join(folder, `node_modules/${NAME}/dist/index.js`)];
  if (!argv.every((file) => existsSync(file))) {
    tell(`installing ${NAME} ${VERSION}`);
    mkdirSync(folder, { recursive: true });
    const packages = [`${NAME}@${VERSION}`, `${nodePackage}@${NODE_VERSION}`];
    await run(['npm', 'install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...packages]);
  }
  return argv;
}
