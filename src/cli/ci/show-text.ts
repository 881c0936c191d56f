import type { JobStatus, RunStatus, RunSummary } from '../../runs/status.ts';
import { formatTable } from '../call.ts';

/** Everything of a run, and what to do next. */
export function textOf(run: RunStatus): string {
  const { record, outcome, container } = run;
  const { source } = record;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['run', `${run.run} of ${run.repository}`],
    ['state', stateText(run)],
    ['commit', source.commit === '' ? `${source.revision} (not found)` : `${source.commit}${source.dirty ? ' with changes' : ''} (${source.revision})`],
    ['tree', record.tree],
    ['ref', source.ref],
    ['worktree', source.repository],
    ['executor', record.executor],
    ['engine', record.engine && `${record.engine.kind} at ${record.engine.endpoint}`],
    ['image', container.imageTag],
    ['container', container.containerId?.slice(0, 12)],
    ['jobs', record.jobs?.join(', ')],
    ['retry of', record.retryOf],
    ['created', record.createdAt],
    ['started', run.startedAt],
    ['ended', run.endedAt],
    ['record', run.directory],
    ['workspace', outcome === undefined || record.keep ? run.workspace : undefined],
  ];
  const facts = rows.flatMap(([key, value]) => (value === undefined ? [] : [`${`${key}:`.padEnd(11)}${value}`]));
  return [
    facts.join('\n'),
    ...(run.jobs.length === 0 ? [] : [jobTable(run.jobs)]),
    ...(outcome === undefined ? [] : [evidenceText(run)]),
    ...(run.notes.length === 0 ? [] : [run.notes.map((note) => `note: ${note}`).join('\n')]),
    nextText(run),
  ].join('\n\n');
}

/** `queued (2nd in line)`, `running (image)`, `command-failed`. */
export function stateText({ state, place, phase, outcome }: RunSummary): string {
  if (outcome !== undefined) return outcome.kind;
  return state === 'queued' ? `queued (place ${place ?? 1})` : `running (${phase})`;
}

export function jobTable(jobs: readonly JobStatus[]): string {
  const rows = jobs.map((job) => [
    job.name,
    `${job.state}${job.allowFailure && job.state === 'failed' ? ' (allowed)' : ''}`,
    durationText(job.startedAt, job.endedAt),
    job.attempt > 1 ? String(job.attempt) : '',
    job.reason ?? '',
  ]);
  return formatTable(['job', 'state', 'time', 'attempts', 'why'], rows);
}

export function durationText(from: string | undefined, to: string | undefined): string {
  if (from === undefined || to === undefined) return '-';
  const ms = Date.parse(to) - Date.parse(from);
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function evidenceText({ outcome }: RunStatus): string {
  if (outcome === undefined) return '';
  const lines = Object.entries(outcome.evidence).flatMap(([key, value]) => (value === null ? [] : [`  ${key}: ${String(value).replaceAll('\n', '\n    ')}`]));
  return [outcome.message, ...lines].join('\n');
}

/** Commands that follow. */
export function nextText({ run, outcome, jobs }: RunStatus): string {
  if (outcome === undefined) return `Follow it with \`slipway ci logs ${run} -f\`; end it with \`slipway ci cancel ${run}\`.`;
  const logs = jobs.some(({ steps }) => steps.length > 0) ? [`\`slipway ci logs ${run}\` shows its output`] : [];
  const failed = jobs.some(({ state }) => state === 'failed') ? ' --failed' : '';
  const again = outcome.kind === 'succeeded' ? [] : [`\`slipway ci retry ${run}${failed}\` tries it again`];
  const texts = [...logs, ...again];
  return texts.length === 0 ? '' : `${texts.join('; ')}.`;
}
