import type { ExitCode } from '../../errors.ts';
import { listCiRuns, type RunSummary } from '../../runs/status.ts';
import { type Call, formatTable, printResult } from '../call.ts';
import { repositoryHere } from './find.ts';
import { summaryJson } from './show-json.ts';
import { durationText, stateText } from './show-text.ts';

/** Exit code 1 where a record could not be read: the list is then not whole. */
export async function list(call: Call, options: { readonly all?: true | undefined; readonly limit: number }): Promise<ExitCode | undefined> {
  const repository = options.all ? undefined : await repositoryHere(call);
  const { runs, broken, total } = await listCiRuns(call.app, { limit: options.limit, ...(repository === undefined ? {} : { repository }) });
  printResult(call, runs.map(summaryJson), runs.length === 0 ? '' : tableOf(runs));
  if (total === 0 && !call.json)
    call.app.out.note(
      repository === undefined ? 'There are no runs. `slipway ci run` makes one.' : `There are no runs of ${repository}. \`slipway ci run\` makes one.`,
    );
  if (runs.length < total - broken.length && !call.json) call.app.out.note(`${total - runs.length} older ones: \`slipway ci list --limit ${total}\`.`);
  for (const { run, message } of broken) call.app.out.warn(`run ${run}: ${message}`);
  return broken.length > 0 ? 1 : undefined;
}

function tableOf(runs: readonly RunSummary[]): string {
  const rows = runs.map((run) => [
    run.run,
    run.repository,
    stateText(run),
    `${run.record.source.commit.slice(0, 10) || '-'}${run.record.source.dirty ? '+' : ''}`,
    run.record.source.ref?.replace(/^refs\/(?:heads|tags)\//, '') ?? run.record.source.revision,
    run.record.executor ?? '-',
    durationText(run.startedAt, run.endedAt),
    run.record.createdAt.slice(0, 16).replace('T', ' '),
  ]);
  return formatTable(['run', 'repository', 'state', 'commit', 'ref', 'executor', 'time', 'created'], rows);
}
