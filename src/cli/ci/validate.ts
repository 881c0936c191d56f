import type { ExecutorKind } from '../../runs/model.ts';
import { PipelineInvalid } from '../../runs/pipeline/invalid.ts';
import { loadPipeline } from '../../runs/pipeline/load.ts';
import { type Call, printResult } from '../call.ts';
import { worktree } from './worktree.ts';

/** With `--json` mistakes are the result, an object each; the exit code tells either way. */
export async function validate(call: Call, options: { readonly executor?: ExecutorKind | undefined }): Promise<number> {
  const { top, home } = await worktree(call);
  try {
    const { source, executor, jobs } = await loadPipeline(call.app, {
      directory: top,
      home,
      ...(options.executor && { executor: options.executor }),
    });
    const text = `${source} is valid: ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}, executor ${executor}.`;
    printResult(call, { valid: true, source, executor, jobs: jobs.map(({ name }) => name), mistakes: [] }, text);
    return 0;
  } catch (error) {
    if (!call.json || !(error instanceof PipelineInvalid)) throw error;
    const mistakes = error.mistakes.map(({ place, message }) => ({
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      text: place?.text ?? null,
      message,
    }));
    printResult(call, { valid: false, source: error.source, executor: null, jobs: [], mistakes }, '');
    return 1;
  }
}
