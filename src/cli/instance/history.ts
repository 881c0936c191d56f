import { readHistory } from '../../instances/history.ts';
import { readInstance } from '../../instances/store.ts';
import { type Call, formatTable, printResult } from '../call.ts';

export async function history(call: Call, name: string): Promise<void> {
  const { paths, person } = call.app;
  await readInstance(paths, name, person.home);
  const entries = await readHistory(paths, name);
  const json = entries.map(({ version, imageDigest, updatedAt, updatedBy, outcome, reason }) => ({
    version,
    image_digest: imageDigest,
    updated_at: updatedAt,
    updated_by: updatedBy,
    outcome,
    reason: reason ?? null,
  }));
  const rows = entries.map(({ version, imageDigest, updatedAt, updatedBy, outcome, reason }) => [
    updatedAt.slice(0, 16).replace('T', ' '),
    outcome,
    version,
    imageDigest.replace(/^sha256:/, '').slice(0, 12),
    updatedBy,
    reason?.split('\n')[0] ?? '',
  ]);
  printResult(call, json, formatTable(['at', 'outcome', 'version', 'digest', 'by', 'reason'], rows));
}
