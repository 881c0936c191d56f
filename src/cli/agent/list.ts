import { type AgentEntry, listAgents } from '../../agents/store.ts';
import { type ExitCode, SlipwayError } from '../../errors.ts';
import { type Call, formatTable, printResult } from '../call.ts';

/** Exit code 1 where a file could not be read: the list is then not whole. */
export async function list(call: Call): Promise<ExitCode | undefined> {
  const entries = await listAgents(call.app.paths);
  const rows = entries.map((entry) =>
    entry.agent === undefined
      ? [entry.name, 'cannot be read', '', entry.file]
      : [entry.name, entry.agent.definition.label, entry.agent.source, entry.agent.file],
  );
  printResult(call, entries.map(asJson), formatTable(['id', 'label', 'source', 'file'], rows));
  const broken = entries.flatMap((entry) => (entry.agent === undefined ? [entry] : []));
  for (const { name, error } of broken) call.app.out.warn(`agent ${name}: ${error.message}`);
  return broken.length > 0 ? 1 : undefined;
}

function asJson(entry: AgentEntry) {
  if (entry.agent === undefined) {
    const { error, file, name } = entry;
    return { id: name, label: null, source: null, file, error: { code: error instanceof SlipwayError ? error.code : 'E_INTERNAL', message: error.message } };
  }
  return { id: entry.name, label: entry.agent.definition.label, source: entry.agent.source, file: entry.agent.file, error: null };
}
