import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const keepCode = fileURLToPath(new URL('./keep-code.cjs', import.meta.url));

/** They go through most of what every command does, and need no engine. Code of all functions would take longer to load than it saves. */
const commands = [['--help'], ['project', 'new', 'p', '--repo', 'https://example.org/p.git'], ['generate', 'p'], ['task', 'new', 'p'], ['task', 'list']];

/** Writes the code that V8 makes of a program beside it, for this very V8: what loader.cjs looks for. @param {string} program */
export function compile(program) {
  const home = mkdtempSync(join(tmpdir(), 'slipway-build-'));
  try {
    // NODE_OPTIONS may hold flags of V8, and V8 accepts code only under the flags that it was made under.
    const env = { HOME: home, SLIPWAY_STATE_DIR: home, SLIPWAY_CONFIG_DIR: home, SLIPWAY_CACHE_DIR: home, SLIPWAY_BUILT: program };
    for (const command of commands) execFileSync(process.execPath, [keepCode, ...command], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
