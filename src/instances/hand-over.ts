import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../operations/model.ts';
import { writeFileAtomic } from '../state/atomic.ts';
import type { Paths } from '../state/paths.ts';
import { processStartTime } from '../state/process-identity.ts';
import { editEnv, type SecretEnvironment } from './env-file.ts';

const folderOf = (paths: Paths) => join(paths.state, 'handed-over');

/** Hands values to a step by a file that only its owner reads: they stand in no plan and no journal. It is gone when the work is done. */
export async function withSecretsFile<T>(app: App, values: SecretEnvironment, work: (file: string | undefined) => Promise<T>): Promise<T> {
  if (Object.keys(values).length === 0 || app.dryRun) return work(undefined);
  await removeOrphans(app.paths);
  const file = join(folderOf(app.paths), `${process.pid}-${processStartTime(process.pid) ?? ''}-${randomBytes(8).toString('hex')}.env`);
  try {
    await writeFileAtomic(file, editEnv('', values, []), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

/** Who wrote it was killed, and what it had begun was settled when this command started. */
async function removeOrphans(paths: Paths): Promise<void> {
  for (const name of await readdir(folderOf(paths)).catch(() => [])) {
    const [pid = '', startTime = ''] = name.split('-');
    if (processStartTime(Number(pid)) !== startTime) await rm(join(folderOf(paths), name), { force: true });
  }
}
