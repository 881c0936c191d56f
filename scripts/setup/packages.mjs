import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The oldest Node.js that Slipway runs on; older ones fail with messages that nobody understands. */
const FLOOR = [20, 19];

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return;
  process.stderr.write(`Slipway needs Node.js ${FLOOR.join('.')} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

/** True where node_modules/ is missing, or older than the lock file: npm writes its own copy last of all. */
export function needsPackages() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

export const installCommand = ['npm', 'ci', '--no-audit', '--no-fund'];
export const buildCommand = [process.execPath, join(root, 'scripts', 'build.mjs')];
