import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * @typedef {object} ChildOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {AbortSignal} [signal] ends the child and all that it started
 * @property {number} [timeoutMs] default: no limit
 * @property {boolean} [quiet] collects what it prints instead of passing it on
 */

/** What a child that is asked to end gets before it is killed. */
const GRACE_MS = 20_000;

/**
 * Runs a program in a process group of its own, so that nothing of it survives an interruption.
 * @param {readonly string[]} argv
 * @param {ChildOptions} [options]
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>} `code` as a shell would give it; `output` where it was quiet
 */
export function runChild(argv, { env, cwd, signal, timeoutMs, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      env: env ?? process.env,
      cwd,
      detached: true,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    let timedOut = false;
    /** @type {NodeJS.Timeout | undefined} */
    let killer;
    const end = () => {
      killGroup(child.pid, 'SIGTERM');
      killer ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
    };
    const onTimeout = () => {
      timedOut = true;
      end();
    };
    const collect = (/** @type {string} */ text) => {
      output += text;
    };
    const limit = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    const finish = (/** @type {number} */ code) => {
      clearTimeout(limit);
      clearTimeout(killer);
      signal?.removeEventListener('abort', end);
      resolve({ code, output, timedOut });
    };
    child.on('error', (error) => {
      collect(error.message);
      finish(127);
    });
    // A grandchild may hold the pipes for long: the end of the program itself counts.
    child.on('exit', (code, name) => setImmediate(() => finish(code ?? 128 + (constants.signals[name ?? 'SIGKILL'] ?? 9))));
  });
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended meanwhile
  }
}
