import { SlipwayError } from '../errors.ts';
import { readFileIfAny, writeFileAtomic } from '../state/atomic.ts';
import { type Paths, taskIdsFile } from '../state/paths.ts';
import { listTaskIds } from './store.ts';

/** The highest id ever given out, deleted tasks included. */
export async function lastTaskId(paths: Paths, project: string): Promise<number> {
  const file = taskIdsFile(paths, project);
  const text = await readFileIfAny(file);
  const highest = Number((await listTaskIds(paths, project)).at(-1) ?? 0);
  if (text === undefined) return highest;
  const last: unknown = parseCounter(text);
  if (typeof last === 'number' && Number.isSafeInteger(last) && last >= 0) return Math.max(last, highest);
  throw new SlipwayError('E_BAD_FILE', `${file} does not hold the last task id.`, {
    hint: 'Write {"format":1,"last":N} into it, N being the highest id that was ever given out.',
  });
}

export function claimTaskId(paths: Paths, project: string, id: number): Promise<void> {
  return writeFileAtomic(taskIdsFile(paths, project), `${JSON.stringify({ format: 1, last: id })}\n`);
}

function parseCounter(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly last?: unknown } | null)?.last;
  } catch {
    return undefined;
  }
}
