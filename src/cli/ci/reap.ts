import { reapCiRuns, type Settled } from '../../runs/reap-runs.ts';
import { type Call, formatTable, printResult } from '../call.ts';

export async function reap(call: Call): Promise<void> {
  const { settled, removed } = await reapCiRuns(call.app);
  const json = { settled: settled.map(({ run, ...rest }) => ({ id: run, ...rest })), removed: removed.map(({ run, repository }) => ({ id: run, repository })) };
  printResult(call, json, textOf(settled, removed.length));
}

function textOf(settled: readonly Settled[], removed: number): string {
  const rows = settled.map(({ run, repository, state, outcome }) => [run, repository, outcome ?? state]);
  const table = rows.length === 0 ? [] : [formatTable(['run', 'repository', 'state'], rows)];
  const left = removed === 0 ? [] : [`Removed what ${removed === 1 ? '1 run' : `${removed} runs`} had left behind.`];
  return [...table, ...left].join('\n') || 'Nothing to settle, and nothing is left behind.';
}
