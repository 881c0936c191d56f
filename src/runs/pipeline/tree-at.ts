import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { materialize } from '../workspace/materialize.ts';
import { resolveSource } from '../workspace/source.ts';
import { findPipeline, scriptSource } from './files.ts';
import { readTree, type TreeFile } from './tree.ts';

/** The tree of `.slipway/` in a folder whose pipeline is code. Throws E_NO_PIPELINE, and E_PIPELINE_DATA where it is not. */
export async function readScriptTree(directory: string): Promise<readonly TreeFile[]> {
  if ((await findPipeline(directory)).source === scriptSource) return readTree(directory);
  throw new SlipwayError('E_PIPELINE_DATA', 'The pipeline is .slipway/ci.yml, which is data: there is nothing to trust.', {
    hint: '`slipway ci run` runs it.',
  });
}

/** The tree of `.slipway/` that a run at a revision would find: its workspace is made the same way, looked at, and removed. */
export async function readTreeAt(app: App, cwd: string, revision: string): Promise<{ readonly files: readonly TreeFile[]; readonly home: string }> {
  const { paths, env, signal } = app;
  const { name: _, home, ...source } = await resolveSource(cwd, revision, { paths, env, signal, dirty: false });
  const folder = join(paths.cache, 'trees', randomBytes(8).toString('hex'));
  const directory = join(folder, 'workspace');
  try {
    await materialize({ paths, env, signal, source, directory, temporary: join(folder, 'temporary'), onProgress: (text) => app.out.progress(text) });
    return { files: await readScriptTree(directory), home };
  } finally {
    await removeTree(folder);
  }
}
