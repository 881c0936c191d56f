import { spawn } from 'node:child_process';

/**
 * @typedef {import('./alternate.mjs').Side} Side
 * @typedef {{ uid: number, gid: number }} User
 */

/**
 * A program from its start to its exit. One that fails ends the measurement: its time would mean nothing.
 * @param {string} name
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @param {User} [user] default: who runs this
 * @param {string} [cwd] default: this process's
 * @returns {Side}
 */
export function program(name, argv, env, user, cwd) {
  return { name, run: () => runQuietly(argv, env, user, cwd) };
}

/** @param {readonly string[]} argv @param {NodeJS.ProcessEnv} env @param {User} [user] @param {string} [cwd] @returns {Promise<void>} */
export function runQuietly([file = '', ...args], env, user, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...user, ...(cwd === undefined ? {} : { cwd }), env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${[file, ...args].join(' ')} ended with ${code ?? signal}:\n${stderr.slice(-2000)}`)),
    );
  });
}
