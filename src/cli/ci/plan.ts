import type { ExecutorKind, PipelinePlan, PlannedJob } from '../../runs/model.ts';
import { loadPipeline } from '../../runs/pipeline/load.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import { worktree } from './worktree.ts';

export async function plan(call: Call, options: { readonly executor?: ExecutorKind | undefined }): Promise<void> {
  const { top, home } = await worktree(call);
  const made = await loadPipeline(call.app, { directory: top, home, ...(options.executor && { executor: options.executor }) });
  printResult(call, made, textOf(made));
}

function textOf({ source, executor, image, jobs }: PipelinePlan): string {
  const where = executor === 'host' ? 'host' : `container (${image ?? 'built from .slipway/Dockerfile'})`;
  const rows = jobs.map((job) => [job.name, job.needs.join(', ') || '-', workOf(job), remarksOf(job)]);
  return `${source}, executor ${where}\n\n${formatTable(['job', 'needs', 'work', 'remarks'], rows)}`;
}

function workOf({ work }: PlannedJob): string {
  if (work.kind === 'function') return 'a function';
  return work.steps.length === 1 ? '1 step' : `${work.steps.length} steps`;
}

function remarksOf(job: PlannedJob): string {
  const named = (what: string, names: readonly string[]) => (names.length === 0 ? [] : [`${what} ${names.join(', ')}`]);
  const remarks = [
    ...(job.always ? ['always'] : []),
    ...(job.allowFailure ? ['may fail'] : []),
    ...(job.retry > 0 ? [`retry ${job.retry}`] : []),
    ...(job.timeoutSeconds === undefined ? [] : [`at most ${job.timeoutSeconds} s`]),
    ...named(
      'services',
      job.services.map(({ name }) => name),
    ),
    ...named('secrets', job.secrets),
    ...named(
      'caches',
      job.caches.map(({ key }) => key),
    ),
    ...named('artifacts', job.artifacts),
  ];
  return remarks.join('; ') || '-';
}
