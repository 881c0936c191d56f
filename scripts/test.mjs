#!/usr/bin/env node
// `npm test`: from a fresh clone on a bare Debian machine to one line of result. Nothing but Node.js is needed to start it.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCommand, checkNode, installCommand, needsPackages, root } from './setup/packages.mjs';
import { runChild } from './setup/child.mjs';
import { labFolder, startEngines, stopEngines } from './test/engines.mjs';
import { runVitest } from './test/vitest.mjs';

/** @typedef {import('./test/vitest.mjs').Count} Count */

const PARTS = /** @type {const} */ (['build', 'check', 'unit', 'contract', 'cases', 'faults']);
/** In one run of vitest, so that no worker is idle while another part ends. */
const NEED_ENGINES = PARTS.filter((part) => part === 'contract' || part === 'cases' || part === 'faults');
const UNIT_LIMIT_MS = 300_000;
const ENGINES_LIMIT_MS = 4_800_000;

const USAGE = `Runs Slipway's tests: ${PARTS.join(', ')}.

  npm test                               everything; engines are set up in a private folder and removed at the end
  npm test -- --only unit,contract       some parts
  npm test -- --lab DIR                  on engines that run already (node scripts/lab.mjs up --dir DIR)
`;

checkNode();
const { values } = parseArgs({ options: { only: { type: 'string' }, lab: { type: 'string' }, help: { type: 'boolean', default: false } } });
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const parts = chosenParts(values.only);
const controller = new AbortController();
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => controller.abort());

/** @type {{ name: string, count: Count }[]} */
const results = [];
/** @type {ReturnType<typeof startEngines> | undefined} */
let up;
try {
  await runParts();
} finally {
  await up?.catch(() => {}); // what is still coming up could not be taken down whole
  if (up !== undefined) await stopEngines(labFolder);
}
summarize();

async function runParts() {
  const { signal } = controller;
  // Engines come up while packages are installed and checked: both wait for downloads most of the time.
  const onEngines = NEED_ENGINES.filter((part) => parts.includes(part));
  up = onEngines.length > 0 && values.lab === undefined ? startEngines(signal) : undefined;
  if (needsPackages() && !(await record('install', () => runCommands(installCommand)))) return;
  if (parts.includes('build')) {
    await record('build', () => runCommands(buildCommand));
    await record('package', () => runCommands(['npm', 'run', '--silent', 'check:package']));
  }
  if (parts.includes('check')) await record('check', () => runCommands(['npm', 'run', '--silent', 'check']));
  const env = testEnvironment();
  if (parts.includes('unit')) await record('unit', () => runVitest(['unit'], { env, signal, timeoutMs: UNIT_LIMIT_MS }));
  if (onEngines.length === 0) return;
  const engines = up;
  if (engines !== undefined && !(await record('engines', () => report(engines)))) return;
  await record(onEngines.join(', '), () => runVitest(onEngines, { env, signal, timeoutMs: ENGINES_LIMIT_MS }));
}

/**
 * Runs a part whatever became of the ones before it. A part that throws is one failure.
 * @param {string} name
 * @param {() => Promise<Count>} run
 * @returns {Promise<boolean>} whether all went well
 */
async function record(name, run) {
  if (controller.signal.aborted) return false;
  process.stdout.write(`\n== ${name}\n`);
  const begun = Date.now();
  /** @type {Count} */
  const count = await run().catch((error) => ({ passed: 0, failed: 1, remark: error instanceof Error ? error.message : String(error) }));
  results.push({ name, count });
  const remark = count.remark === undefined ? '' : ` (${count.remark})`;
  process.stdout.write(`== ${name}: ${count.passed} passed, ${count.failed} failed${remark} in ${((Date.now() - begun) / 1000).toFixed(1)} s\n`);
  return count.failed === 0;
}

/** @param {readonly string[]} argv @returns {Promise<Count>} */
async function runCommands(argv) {
  const { code } = await runChild(argv, { cwd: root, signal: controller.signal });
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, remark: `${argv.join(' ')} ended with ${code}` };
}

/** @param {ReturnType<typeof runChild>} child @returns {Promise<Count>} */
async function report(child) {
  const { code, output } = await child;
  process.stdout.write(output);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, remark: `scripts/lab.mjs up ended with ${code}` };
}

/** Nothing of the person's own reaches a test: no engine, no configuration. */
function testEnvironment() {
  const foreign = /^(?:SLIPWAY_|DOCKER_|CONTAINER_HOST|CONTAINERS_|PODMAN_)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  return { ...env, SLIPWAY_LAB: `${values.lab === undefined ? labFolder : resolve(values.lab)}/lab.json` };
}

/** @param {string | undefined} only @returns {readonly (typeof PARTS)[number][]} */
function chosenParts(only) {
  if (only === undefined) return PARTS;
  const names = only.split(',');
  const unknown = names.find((name) => !PARTS.some((part) => part === name));
  if (unknown === undefined) return PARTS.filter((part) => names.includes(part));
  process.stderr.write(`There is no part ${unknown}.\n\n${USAGE}`);
  process.exit(2);
}

function summarize() {
  const passed = results.reduce((sum, { count }) => sum + count.passed, 0);
  const failed = results.reduce((sum, { count }) => sum + count.failed, 0) + (controller.signal.aborted ? 1 : 0);
  const bad = results.filter(({ count }) => count.failed > 0);
  process.stdout.write('\n');
  if (controller.signal.aborted) process.stdout.write('Interrupted.\n');
  for (const { name, count } of results) if (count.shaky) process.stdout.write(`${[`At a second try: ${name}`, ...count.shaky].join('\n  ')}\n\n`);
  // Again, and last: of a long log people read the end.
  for (const { name, count } of bad) process.stdout.write(`${[`Failed: ${name}`, ...(count.bad ?? [])].join('\n  ')}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = controller.signal.aborted ? 130 : failed === 0 ? 0 : 1;
}
