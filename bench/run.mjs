#!/usr/bin/env node
// `npm run bench`: Slipway beside the engines' own programs and an empty Node.js, both sides of each pair in one run.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, tell } from '../scripts/lab/run.mjs';
import { build } from './cases/build.mjs';
import { devcontainer } from './cases/devcontainer.mjs';
import { gitlabCiLocal } from './cases/gitlab-ci-local.mjs';
import { instances } from './cases/instances.mjs';
import { list } from './cases/list.mjs';
import { oneTask } from './cases/one-task.mjs';
import { steps } from './cases/run.mjs';
import { startUp } from './cases/start-up.mjs';
import { validate } from './cases/validate.mjs';
import { workspace } from './cases/workspace.mjs';
import { withEngines } from './engines.mjs';
import { Install } from './install.mjs';
import { program } from './measure/program.mjs';
import { describeMachine, formatTable, writeResults } from './report.mjs';
import { EMPTY } from './target.mjs';

/**
 * @typedef {object} Bench
 * @property {number} runs of each side
 * @property {readonly number[]} tasks lengths of the lists
 * @property {number} containers at most, however many tasks
 * @property {string} slipway the built program
 * @property {string} folder for what a case makes; removed at the end
 * @property {import('./measure/alternate.mjs').Side} empty Node.js with an empty file
 */

const CASES = /** @type {const} */ (['help', 'workspace', 'validate', 'run', 'gitlab', 'task', 'list', 'build', 'devcontainer', 'instances']);
const USAGE = `Slipway beside the engines' own programs and an empty Node.js, alternating.

  npm run bench -- [--runs 15] [--only ${CASES.join(',')}] [--engines docker,podman] [--tasks 1,100,1000] [--containers 1000]

Uses the engines of the lab whose lab.json SLIPWAY_LAB names (node scripts/lab.mjs up), else starts them and removes them.
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    only: { type: 'string', default: CASES.join(',') },
    engines: { type: 'string', default: 'docker,podman' },
    tasks: { type: 'string', default: '1,100,1000' },
    containers: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const wanted = new Set(values.only.split(','));
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync('/var/tmp/slipway-b-');
try {
  const bench = await prepare();
  await withEngines(values.engines.split(','), async (engines) => {
    const machine = describeMachine(engines);
    /** @type {import('./report.mjs').Result[]} */
    const results = wanted.has('help') ? await startUp(bench) : [];
    if (wanted.has('workspace')) results.push(...(await workspace(bench)));
    if (wanted.has('validate')) results.push(...(await validate(bench)));
    for (const engine of engines) results.push(...(await measure(bench, engine)));
    const file = writeResults({ machine, runs: bench.runs, results });
    process.stdout.write(`${formatTable(results)}\n\nMedians of ${bench.runs} runs; load ${machine.load.join(' ')} at the start. All figures: ${file}\n`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Bundles the program as a package has it, and an empty program. @returns {Promise<Bench>} */
async function prepare() {
  tell('bundling the program');
  await run([process.execPath, join(root, 'scripts/build.mjs'), '--program', '--out', join(folder, 'dist')]);
  symlinkSync(join(root, 'templates'), join(folder, 'templates'));
  // Also for a person who is not root.
  await run(['chmod', '-R', 'a+rX', folder]);
  const empty = join(folder, 'empty.cjs');
  writeFileSync(empty, '');
  return {
    runs: Number(values.runs),
    tasks: values.tasks.split(',').map(Number),
    containers: Number(values.containers),
    slipway: join(folder, 'dist/slipway.js'),
    folder,
    empty: program(EMPTY, [process.execPath, empty], process.env),
  };
}

/** @param {Bench} bench @param {import('./engines.mjs').BenchEngine} engine @returns {Promise<import('./report.mjs').Result[]>} */
async function measure(bench, engine) {
  const few = { ...bench, runs: Math.min(bench.runs, 7) };
  const results = [];
  if (wanted.has('run')) results.push(...(await withInstall(few, engine, steps, { project: false })));
  if (wanted.has('gitlab') && engine.name === 'docker') results.push(...(await withInstall(few, engine, gitlabCiLocal, { project: false })));
  if (wanted.has('task')) results.push(...(await withInstall(bench, engine, oneTask)));
  if (wanted.has('build')) results.push(...(await withInstall(bench, engine, build)));
  if (wanted.has('devcontainer') && engine.name === 'docker') results.push(...(await withInstall(few, engine, devcontainer, { user: engine.person })));
  if (wanted.has('instances')) results.push(...(await withInstall(few, engine, instances, { project: false })));
  if (wanted.has('list')) results.push(...(await withInstall(bench, engine, list)));
  return results;
}

/**
 * @template T
 * @param {Bench} bench
 * @param {import('./engines.mjs').BenchEngine} engine
 * @param {(bench: Bench, install: Install) => Promise<T>} work
 * @param {{ readonly user?: import('./measure/program.mjs').User, readonly project?: boolean }} [options] project: a built one; default true
 */
async function withInstall(bench, engine, work, { user, project = true } = {}) {
  const install = new Install(engine, bench.slipway, user);
  try {
    if (project) {
      tell(`building a project on ${engine.name}`);
      await install.build();
    }
    return await work(bench, install);
  } finally {
    await install.remove();
  }
}
