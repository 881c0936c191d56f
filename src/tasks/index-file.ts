import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { readFileIfAny, writeFileAtomic } from '../state/atomic.ts';
import { type Paths, taskFile } from '../state/paths.ts';
import type { TaskMetadata, TaskRef } from './model.ts';
import { listTaskIds, parseTask } from './store.ts';

/** A task of a list; a broken file does not hide the others. */
export type TaskEntry = { readonly id: string; readonly task: TaskMetadata } | { readonly id: string; readonly error: SlipwayError };

interface Indexed {
  /** Size, time and inode of the file that was parsed: every write is a rename, so a changed file has another inode. */
  readonly stamp: string;
  readonly task: TaskMetadata;
}

interface TaskIndex {
  readonly format: 2;
  readonly tasks: Readonly<Record<string, Indexed>>;
}

const indexFile = (paths: Paths, project: string) => join(paths.cache, 'task-index', `${project}.json`);

/**
 * All tasks of a project. Parsing a thousand YAML files takes a quarter of a second, and loading the parser for one takes longer than
 * all else, so what was parsed is kept in the cache directory, and a file is parsed again only when its stamp differs. The index may be
 * lost or removed at any time.
 */
export async function readTasks(paths: Paths, project: string): Promise<readonly TaskEntry[]> {
  const ids = await listTaskIds(paths, project);
  const index = await readIndex(paths, project);
  const fresh: Record<string, Indexed> = {};
  let hasNew = false;
  const entries: TaskEntry[] = [];
  for (const id of ids) {
    const file = taskFile(paths, project, id);
    // One stat a task: the asynchronous kind takes ten times as long.
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const stamp = `${stat.size} ${stat.mtimeMs} ${stat.ino}`;
    const known = index[id];
    if (known?.stamp === stamp) {
      fresh[id] = known;
      entries.push({ id, task: known.task });
      continue;
    }
    const entry = await readEntry(file, { project, task: id });
    if (entry === undefined) continue;
    entries.push(entry);
    // A broken file is read anew each time.
    if (!('task' in entry)) continue;
    fresh[id] = { stamp, task: entry.task };
    hasNew = true;
  }
  if (hasNew) await writeIndex(paths, project, fresh);
  return entries;
}

async function readEntry(file: string, ref: TaskRef): Promise<TaskEntry | undefined> {
  try {
    const text = await readFileIfAny(file);
    return text === undefined ? undefined : { id: ref.task, task: await parseTask(file, text, ref) };
  } catch (error) {
    if (error instanceof SlipwayError) return { id: ref.task, error };
    throw error;
  }
}

async function readIndex(paths: Paths, project: string): Promise<Readonly<Record<string, Indexed>>> {
  try {
    const index = JSON.parse(await readFile(indexFile(paths, project), 'utf8')) as TaskIndex;
    return index.format === 2 && typeof index.tasks === 'object' && index.tasks !== null ? index.tasks : {};
  } catch {
    return {};
  }
}

async function writeIndex(paths: Paths, project: string, tasks: Readonly<Record<string, Indexed>>): Promise<void> {
  const index: TaskIndex = { format: 2, tasks };
  // A cache that cannot be written costs time, nothing else.
  await writeFileAtomic(indexFile(paths, project), JSON.stringify(index)).catch(() => {});
}
