import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';

/**
 * @typedef {object} RunOptions
 * @property {string} [input] text for standard input
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default: this process's
 * @property {string} [cwd]
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {string} [inputFile] file for standard input
 */

/**
 * Runs a program to its end and returns what it printed.
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<string>} standard output
 * @throws when it cannot be started or exits with another code than 0; the message ends in its last lines
 */
export async function run(argv, options = {}) {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code === 0) return stdout;
  const tail = `${stderr}\n${stdout}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${argv.join(' ')} exited with ${code}:\n${tail}`);
}

/**
 * Runs a program to its end, whatever its exit code. A program that cannot be started counts as 127.
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function attempt(argv, { input = '', inputFile, ...options } = {}) {
  const stdin = inputFile === undefined ? undefined : openSync(inputFile, 'r');
  return new Promise((resolve) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), { ...options, stdio: [stdin ?? 'pipe', 'pipe', 'pipe'] });
    if (stdin !== undefined) closeSync(stdin);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: `${stderr}${error.message}` }));
    child.on('close', (code, signal) => resolve({ code: code ?? 128, stdout, stderr: signal ? `${stderr}(${signal})` : stderr }));
    // A program that ends without reading its input closes the pipe; its exit code tells why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

const begun = Date.now();

/**
 * Tells a person what is being done, on standard error, with the time since the start.
 * @param {string} text
 */
export function tell(text) {
  process.stderr.write(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}
