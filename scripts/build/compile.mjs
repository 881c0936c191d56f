import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const keepCode = fileURLToPath(new URL('./keep-code.cjs', import.meta.url));
const execute = promisify(execFile);

/**
 * They go through most of what every command does. Code of all functions would take longer to load than it saves. The last one asks
 * an engine.
 */
const commands = [
  ['project', 'new', 'p', '--repo', 'https://example.org/p.git'],
  ['generate', 'p'],
  ['task', 'new', 'p'],
  ['task', 'list'],
  ['task', 'status', 'p', '1'],
];

/** Writes the code that V8 makes of a program beside it, for this very V8: what loader.cjs looks for. @param {string} program */
export async function compile(program) {
  const home = mkdtempSync(join(tmpdir(), 'slipway-build-'));
  const socket = join(home, 'engine.sock');
  const engine = await listen(socket);
  try {
    // NODE_OPTIONS may hold flags of V8, and V8 accepts code only under the flags that it was made under.
    const env = { HOME: home, SLIPWAY_STATE_DIR: home, SLIPWAY_CONFIG_DIR: home, SLIPWAY_CACHE_DIR: home, SLIPWAY_BUILT: program };
    await execute(process.execPath, [keepCode, '--help'], { env: { ...env, SLIPWAY_CODE: 'help' } });
    for (const command of commands) {
      if (command[1] === 'status') writeTask(home, `unix://${socket}`);
      await execute(process.execPath, [keepCode, ...command], { env: { ...env, SLIPWAY_CODE: 'commands' } });
    }
  } finally {
    engine.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** A task that has run on the engine below. @param {string} home @param {string} endpoint */
function writeTask(home, endpoint) {
  const file = join(home, 'projects/p/tasks/1.yml');
  mkdirSync(dirname(file), { recursive: true });
  const engine = { kind: 'docker', endpoint, identity: 'warm-up' };
  writeFileSync(file, JSON.stringify({ format: 1, id: '1', project: 'p', created_at: '2026-01-01T00:00:00.000Z', mode: 'cli', engine }));
}

/** As much of an engine as the commands ask for. @param {string} socket @returns {Promise<import('node:http').Server>} */
function listen(socket) {
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('Api-Version', '1.41').setHeader('Server', 'Docker/20.10');
    if (url.endsWith('/_ping')) return response.end('OK');
    response.statusCode = url.endsWith('/info') ? 200 : 404;
    response.end(JSON.stringify(response.statusCode === 200 ? { ID: 'warm-up' } : { message: 'no such thing' }));
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(server)));
}
