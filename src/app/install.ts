import { SlipwayError } from '../errors.ts';
import type { Person } from '../operations/model.ts';
import { readFileIfAny, writeFileAtomic } from '../state/atomic.ts';
import { installFile, locksDir, type Paths } from '../state/paths.ts';
import { machineId } from '../state/process-identity.ts';

/** `install.json`: whose containers are ours. Bound to machine, path and owner, so that a copy keeps its hands off the original's. */
export interface Install {
  readonly format: 1;
  readonly id: string;
  readonly machine: string;
  readonly path: string;
  readonly owner: number;
}

/** Makes the id at first use. Throws E_INSTALL_FOREIGN where the state directory was copied here from elsewhere. */
export async function readOrCreateInstall(paths: Paths, person: Person): Promise<Install> {
  const found = await readInstall(paths);
  if (found !== undefined) return checkBinding(paths, person, found);
  // Only the first use needs them: node:crypto takes 3 ms to load.
  const [{ acquireLock }, { randomUUID }] = await Promise.all([import('../state/lock.ts'), import('node:crypto')]);
  const lock = await acquireLock(locksDir(paths), 'install', { operation: 'install', verb: 'install' });
  try {
    const meanwhile = await readInstall(paths);
    if (meanwhile !== undefined) return checkBinding(paths, person, meanwhile);
    return await writeInstall(paths, person, randomUUID());
  } finally {
    await lock.release();
  }
}

/** `doctor --adopt` (same id: the original is gone) and `doctor --new-install` (new id: the original lives on). */
export async function rebindInstall(paths: Paths, person: Person, how: 'adopt' | 'new'): Promise<Install> {
  const { randomUUID } = await import('node:crypto');
  const found = await readInstall(paths);
  return writeInstall(paths, person, how === 'adopt' && found ? found.id : randomUUID());
}

async function readInstall(paths: Paths): Promise<Install | undefined> {
  const text = await readFileIfAny(installFile(paths));
  if (text === undefined) return undefined;
  try {
    const install = JSON.parse(text) as Install;
    if (typeof install.id === 'string' && install.id !== '') return install;
  } catch {
    // Told below: a broken id must not become a new one, or every container would be a stranger's.
  }
  throw new SlipwayError('E_BAD_FILE', `${installFile(paths)} cannot be read as an install record.`, {
    hint: 'Restore it from a backup, or run `slipway doctor --new-install` to begin anew without the containers made so far.',
  });
}

async function writeInstall(paths: Paths, person: Person, id: string): Promise<Install> {
  const install: Install = { format: 1, id, machine: machineId(), path: paths.state, owner: person.uid };
  await writeFileAtomic(installFile(paths), `${JSON.stringify(install, undefined, 2)}\n`);
  return install;
}

function checkBinding(paths: Paths, person: Person, install: Install): Install {
  const differs = [
    ...(install.machine === machineId() ? [] : ['another machine']),
    ...(install.path === paths.state ? [] : [`another path (${install.path})`]),
    ...(install.owner === person.uid ? [] : [`another user (id ${install.owner})`]),
  ];
  if (differs.length === 0) return install;
  throw new SlipwayError('E_INSTALL_FOREIGN', `The state in ${paths.state} was made on ${differs.join(' and ')}.`, {
    hint: 'If it was moved here for good, run `slipway doctor --adopt`; if it is a copy, `slipway doctor --new-install`.',
  });
}
