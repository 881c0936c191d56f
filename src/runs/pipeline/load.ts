import { createHash } from 'node:crypto';
import type { App } from '../../operations/model.ts';
import { parseOnce } from '../../state/yaml-cache.ts';
import type { ExecutorKind, PipelinePlan } from '../model.ts';
import { findPipeline, readPipelineText, yamlSource } from './files.ts';
import { frozen } from './frozen.ts';

export interface PipelineRequest {
  /** The folder whose `.slipway/` is read: a worktree, or a run's workspace. */
  readonly directory: string;
  /** Git's common directory: trust in a ci.ts is kept for the repository. */
  readonly home: string;
  /** What the folder holds, as `slipway ci trust` takes it. `undefined`: the worktree as it is. */
  readonly revision?: string;
  /** Asked for on the command line: wins over the pipeline's. */
  readonly executor?: ExecutorKind;
}

/**
 * Reads a folder's pipeline and makes its plan. Throws E_NO_PIPELINE, E_PIPELINE_INVALID (PipelineInvalid, with every mistake),
 * and E_PIPELINE_UNTRUSTED before anything of a ci.ts is run.
 */
export async function loadPipeline(app: App, { directory, home, revision, executor }: PipelineRequest): Promise<PipelinePlan> {
  const { source, hasDockerfile } = await findPipeline(directory);
  const surroundings = { hasDockerfile, ...(executor === undefined ? {} : { executor }) };
  if (source === yamlSource) {
    const text = await readPipelineText(directory, source);
    // The same pipeline is read again and again: by each run, and each look at it.
    const entry = `pipeline-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
    return frozen(
      await parseOnce(app.paths, entry, source, `${JSON.stringify(surroundings)}\n${text}`, async () => {
        const [{ compile }, { readYamlDefinition }] = await Promise.all([import('./compile.ts'), import('./yaml-definition.ts')]);
        return compile(readYamlDefinition(source, text), surroundings);
      }),
    );
  }
  const [{ compile }, { readScriptDefinition }] = await Promise.all([import('./compile.ts'), import('./script-definition.ts')]);
  return compile(await readScriptDefinition(app, { directory, home, ...(revision === undefined ? {} : { revision }) }), surroundings);
}
