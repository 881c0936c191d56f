import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../operations/model.ts';
import { writeFileAtomic } from '../state/atomic.ts';
import { editEnv, type SecretEnvironment } from './env-file.ts';

/** Hands values to a step by a file that only its owner reads: they stand in no plan and no journal. It is gone when the work is done. */
export async function withSecretsFile<T>(app: App, values: SecretEnvironment, work: (file: string | undefined) => Promise<T>): Promise<T> {
  if (Object.keys(values).length === 0 || app.dryRun) return work(undefined);
  const file = join(app.paths.state, 'handed-over', `${randomBytes(8).toString('hex')}.env`);
  try {
    await writeFileAtomic(file, editEnv('', values, []), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}
