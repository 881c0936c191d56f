import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runChild } from '../setup/child.mjs';
import { root } from '../setup/packages.mjs';

const program = join(root, 'dist', 'slipway.js');

/** @param {string} text */
export function say(text) {
  process.stdout.write(`\n# ${text}\n`);
}

/**
 * Prints a command line as a person would type it, runs it, and lets its output through.
 * @param {readonly string[]} argv
 * @param {{ env?: NodeJS.ProcessEnv, expect?: readonly number[], cwd?: string }} [options] `expect`: exit codes that are fine
 */
export async function show(argv, { env = process.env, expect = [0], cwd } = {}) {
  process.stdout.write(`$ ${argv.map(quoted).join(' ')}\n`);
  const [name = '', ...args] = argv;
  const code = await runToEnd(name === 'slipway' ? [process.execPath, program, ...args] : argv, env, cwd);
  if (!expect.includes(code)) throw new Error(`${argv.map(quoted).join(' ')} ended with ${code}`);
}

/**
 * A question of the demo itself, such as which tasks there are: nothing of it is shown.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, value: any }>} what it printed as JSON; `undefined` where it failed
 */
export async function ask(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    child.on('close', (code) => resolve({ code: code ?? 1, value: text.trim() === '' ? undefined : JSON.parse(text) }));
  });
}

/** @param {readonly string[]} argv @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] */
export async function quietly(argv, options = {}) {
  const { code, output } = await runChild(argv, { quiet: true, ...options });
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${output}`);
}

/** @param {readonly string[]} argv @param {NodeJS.ProcessEnv} env @param {string | undefined} cwd @returns {Promise<number>} */
function runToEnd(argv, env, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), { env, cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** @param {string} word */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/["\\$`]/g, '\\$&')}"`;
}
