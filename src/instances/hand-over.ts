import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../operations/model.ts';
import { writeFileAtomic } from '../state/atomic.ts';
import type { Paths } from '../state/paths.ts';
import { editEnv, type SecretEnvironment } from './env-file.ts';

const folderOf = (paths: Paths) => join(paths.state, 'handed-over');

/** Nobody takes so long between two steps: who wrote it was killed. */
const oldMs = 3_600_000;

/** Hands values to a step by a file that only its owner reads: they stand in no plan and no journal. It is gone when the work is done. */
export async function withSecretsFile<T>(app: App, values: SecretEnvironment, work: (file: string | undefined) => Promise<T>): Promise<T> {
  if (Object.keys(values).length === 0 || app.dryRun) return work(undefined);
  await removeOld(app);
  const file = join(folderOf(app.paths), `${randomBytes(8).toString('hex')}.env`);
  try {
    await writeFileAtomic(file, editEnv('', values, []), { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

async function removeOld({ paths, clock }: App): Promise<void> {
  for (const name of await readdir(folderOf(paths)).catch(() => [])) {
    const file = join(folderOf(paths), name);
    const times = await stat(file).catch(() => undefined);
    if (times !== undefined && clock.now().getTime() - times.mtimeMs > oldMs) await rm(file, { force: true });
  }
}
