import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { isMissing, readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { instanceDir, type Paths } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { type LogLine, readLines } from './log-lines.ts';

/** Lines of a replaced container that are kept, and of how many containers. */
const keptLines = 10_000;
const keptContainers = 10;

/** Not in `logs/`, which the service may write. */
const folderOf = (paths: Paths, instance: string) => join(instanceDir(paths, instance), 'replaced');

/** Keeps the last lines of a container that is to be removed. One that is gone has none. */
export async function keepLog(app: App, engine: Engine, instance: string, container: string): Promise<void> {
  const details = await engine.containers.inspect(container);
  if (details === undefined) return;
  const lines: LogLine[] = [];
  try {
    for await (const line of readLines(engine.containers.logs(details.id, { tail: keptLines, timestamps: true }))) lines.push(line);
  } catch (error) {
    // A log driver that cannot be read back keeps nobody from an update.
    if (!(error instanceof SlipwayError) || error.code !== 'E_ENGINE') throw error;
  }
  if (lines.length === 0) return;
  const folder = folderOf(app.paths, instance);
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  // The name sorts by time.
  const at = (details.startedAt ?? details.createdAt).replace(/[^0-9T]/g, '');
  await writeFileAtomic(join(folder, `${at}-${details.id.slice(0, 12)}.jsonl`), text, { mode: 0o600 });
  for (const name of (await keptNames(folder)).slice(0, -keptContainers)) await removeTree(join(folder, name));
}

/** Lines of the containers that were replaced, oldest first, each once. */
export async function readKeptLogs(paths: Paths, instance: string, except: string | undefined): Promise<readonly LogLine[]> {
  const folder = folderOf(paths, instance);
  const names = (await keptNames(folder)).filter((name) => except === undefined || !name.endsWith(`-${except.slice(0, 12)}.jsonl`));
  const texts = await Promise.all(names.map((name) => readFileIfAny(join(folder, name))));
  return texts.flatMap((text) =>
    (text ?? '').split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    }),
  );
}

async function keptNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', folder, cause);
  }
}
