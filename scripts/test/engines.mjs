import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../setup/child.mjs';
import { root } from '../setup/packages.mjs';

const LAB = [process.execPath, join(root, 'scripts', 'lab.mjs')];
const PARENT = '/var/tmp';
const PREFIX = 'slipway-test-';

/** The folder of this run's engines. Its name tells whose it is, so that a later run can clear up after one that was killed. */
export const labFolder = join(PARENT, `${PREFIX}${process.pid}`);

/** @param {AbortSignal} signal */
export async function startEngines(signal) {
  await removeOrphans();
  return runChild([...LAB, 'up', '--dir', labFolder], { quiet: true, signal });
}

/** @param {string} folder */
export async function stopEngines(folder) {
  if (!existsSync(folder)) return;
  if (existsSync(join(folder, '.slipway-lab.json'))) {
    const { code, output } = await runChild([...LAB, 'down', '--dir', folder], { quiet: true });
    if (code !== 0) process.stderr.write(`The engines in ${folder} could not be removed:\n${output}\n`);
  } else if (readdirSync(folder).length === 0) {
    rmdirSync(folder);
  }
}

async function removeOrphans() {
  for (const name of readdirSync(PARENT)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (Number.isInteger(pid) && pid !== process.pid && !isTestRun(pid)) await stopEngines(join(PARENT, name));
  }
}

/** @param {number} pid */
function isTestRun(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('test.mjs');
  } catch {
    return false;
  }
}
