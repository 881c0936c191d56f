import type { OperationRecord } from '../../operations/journal.ts';
import { readJournal } from '../../operations/read-journal.ts';
import { journalDir } from '../../state/paths.ts';
import { type Call, formatTable, printResult } from '../call.ts';

export async function show(call: Call, options: { readonly last: number }): Promise<void> {
  const records: OperationRecord[] = [];
  for await (const record of readJournal(journalDir(call.app.paths))) {
    records.push(record);
    if (records.length > options.last) records.shift();
  }
  const rows = records.map((record) => [
    record.begin.at.slice(0, 19).replace('T', ' '),
    record.begin.user,
    record.begin.summary,
    outcomeOf(record),
    duration(record),
  ]);
  printResult(call, records.map(journalJson), rows.length === 0 ? '' : formatTable(['when', 'who', 'what', 'outcome', 'took'], rows));
}

function journalJson(record: OperationRecord): Readonly<Record<string, unknown>> {
  const { begin, end } = record;
  return {
    id: begin.operation,
    verb: begin.verb,
    summary: begin.summary,
    user: begin.user,
    pid: begin.pid,
    command: begin.command,
    began_at: begin.at,
    ended_at: end?.at ?? null,
    outcome: end?.outcome ?? 'open',
    error: end?.error ?? null,
    steps: record.plan.steps.map((step, index) => ({ do: step.do, state: record.done.has(index) ? 'done' : record.intended.has(index) ? 'begun' : 'planned' })),
  };
}

function outcomeOf({ end }: OperationRecord): string {
  if (end === undefined) return 'open';
  return end.error === undefined ? end.outcome : `${end.outcome} (${end.error.code})`;
}

function duration({ begin, end }: OperationRecord): string {
  return end === undefined ? '-' : `${((Date.parse(end.at) - Date.parse(begin.at)) / 1000).toFixed(1)} s`;
}
