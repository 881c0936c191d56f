import { readdir } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import { isMissing, readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { type Paths, taskFile, tasksMetadataDir } from '../state/paths.ts';
import { badFile, formatYaml } from '../state/yaml.ts';
import { parseOnce } from '../state/yaml-cache.ts';
import type { TaskMetadata, TaskRef } from './model.ts';
import { taskMistakes } from './task-mistakes.ts';

const format = 1;

/** Throws E_NO_TASK, or E_BAD_FILE where the file is broken or of a newer format. */
export async function readTask(paths: Paths, ref: TaskRef): Promise<TaskMetadata> {
  const task = await readTaskIfAny(paths, ref);
  if (task === undefined) throw noTask(ref);
  return task;
}

export async function readTaskIfAny(paths: Paths, ref: TaskRef): Promise<TaskMetadata | undefined> {
  const file = taskFile(paths, ref.project, ref.task);
  const text = await readFileIfAny(file);
  return text === undefined ? undefined : parseOnce(paths, `task-${ref.project}-${ref.task}`, file, text, () => parseTask(file, text, ref));
}

export function noTask({ project, task }: TaskRef): SlipwayError {
  return new SlipwayError('E_NO_TASK', `Project ${project} has no task ${task}.`, { hint: `\`slipway task list ${project}\` shows its tasks.` });
}

/** Keys that this version does not know are kept. */
export async function writeTask(paths: Paths, task: TaskMetadata): Promise<void> {
  const file = taskFile(paths, task.project, task.id);
  const before = await readFileIfAny(file);
  const kept = before === undefined ? {} : await unknownKeys(before);
  await writeFileAtomic(file, await formatYaml({ format, ...toFile(task), ...kept }));
}

/** Ids of all tasks that have a file, broken ones too, in order. */
export async function listTaskIds(paths: Paths, project: string): Promise<readonly string[]> {
  const directory = tasksMetadataDir(paths, project);
  try {
    const names = await readdir(directory);
    return names.flatMap((name) => /^([1-9][0-9]*)\.yml$/.exec(name)?.[1] ?? []).sort((a, b) => Number(a) - Number(b));
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', directory, cause);
  }
}

/** Throws E_BAD_FILE, also where the file tells of another task than its name does: a copy would have `delete` remove that other one. */
export async function parseTask(file: string, text: string, ref: TaskRef): Promise<TaskMetadata> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw badFile(file, text, [{ line, column: col, message: broken.message }]);
  }
  const value = contentOf(file, text, document);
  if (!isRecord(value)) throw badFile(file, text, [{ line: 1, column: 1, message: 'expected a task: keys `format`, `id`, `project`, `created_at`' }]);
  if (typeof value.format === 'number' && value.format > format) {
    throw new SlipwayError('E_NEWER_FORMAT', `${file} was written by a newer Slipway (format ${String(value.format)}).`, {
      hint: 'Update Slipway to use this task.',
    });
  }
  const mistakes = taskMistakes(value, ref).map(({ key, message }) => {
    const node: unknown = document.get(key, true);
    const { line, col } = lines.linePos(isRecord(node) && Array.isArray(node.range) ? Number(node.range[0]) : 0);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  });
  if (mistakes.length > 0) throw badFile(file, text, mistakes);
  return fromFile(value as unknown as TaskFile);
}

/** Alias bombs and aliases without an anchor are thrown, not collected. */
function contentOf(file: string, text: string, document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw badFile(file, text, [{ line: 1, column: 1, message: cause instanceof Error ? cause.message : String(cause) }]);
  }
}

/** The file's own shape: snake_case keys, absent where there is nothing to say. */
interface TaskFile {
  readonly id: string;
  readonly project: string;
  readonly name?: string;
  readonly created_at: string;
  readonly mode?: TaskMetadata['mode'];
  readonly engine?: TaskMetadata['engine'];
  readonly seeded_at?: string;
  readonly run?: {
    readonly agent: string;
    readonly prompt: string;
    readonly timeout_seconds: number;
    readonly started_at: string;
    readonly end?: { readonly exit_code?: number; readonly reason: 'exited' | 'timeout' | 'stopped' | 'lost'; readonly at: string };
  };
}

const knownKeys: ReadonlySet<string> = new Set(['format', 'id', 'project', 'name', 'created_at', 'mode', 'engine', 'seeded_at', 'run']);

function toFile(task: TaskMetadata): TaskFile {
  return {
    id: task.id,
    project: task.project,
    ...(task.name === undefined ? {} : { name: task.name }),
    created_at: task.createdAt,
    ...(task.mode === undefined ? {} : { mode: task.mode }),
    ...(task.engine === undefined ? {} : { engine: task.engine }),
    ...(task.seededAt === undefined ? {} : { seeded_at: task.seededAt }),
    ...(task.run === undefined ? {} : { run: runToFile(task.run) }),
  };
}

function runToFile({ agent, prompt, timeoutSeconds, startedAt, end }: NonNullable<TaskMetadata['run']>): NonNullable<TaskFile['run']> {
  return {
    agent,
    prompt,
    timeout_seconds: timeoutSeconds,
    started_at: startedAt,
    ...(end === undefined ? {} : { end: { ...(end.exitCode === undefined ? {} : { exit_code: end.exitCode }), reason: end.reason, at: end.at } }),
  };
}

function fromFile(file: TaskFile): TaskMetadata {
  const { run } = file;
  return {
    id: file.id,
    project: file.project,
    createdAt: file.created_at,
    ...(file.name === undefined ? {} : { name: file.name }),
    ...(file.mode === undefined ? {} : { mode: file.mode }),
    ...(file.engine === undefined ? {} : { engine: file.engine }),
    ...(file.seeded_at === undefined ? {} : { seededAt: file.seeded_at }),
    ...(run === undefined
      ? {}
      : {
          run: {
            agent: run.agent,
            prompt: run.prompt,
            timeoutSeconds: run.timeout_seconds,
            startedAt: run.started_at,
            ...(run.end === undefined
              ? {}
              : { end: { ...(run.end.exit_code === undefined ? {} : { exitCode: run.end.exit_code }), reason: run.end.reason, at: run.end.at } }),
          },
        }),
  };
}

async function unknownKeys(text: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  const value: unknown = parse(text);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !knownKeys.has(key))) : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
