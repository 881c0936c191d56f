import type { TaskRef } from './model.ts';

export interface TaskMistake {
  readonly key: string;
  readonly message: string;
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' && value !== null && Object.entries(checks).every(([key, check]) => check((value as Readonly<Record<string, unknown>>)[key]));

const end = record({ exit_code: optional(number), reason: oneOf('exited', 'timeout', 'stopped', 'lost'), at: text });
const run = record({ agent: text, prompt: text, timeout_seconds: number, started_at: text, end: optional(end) });
const engine = record({ kind: oneOf('docker', 'podman'), endpoint: text, identity: text });

/** What is wrong with the known keys of a task's file; others are a newer Slipway's or a person's, and are kept. */
export function taskMistakes(value: Readonly<Record<string, unknown>>, { project, task }: TaskRef): readonly TaskMistake[] {
  const expected: readonly (readonly [key: string, check: Check, what: string])[] = [
    ['format', oneOf(1), '1'],
    ['id', oneOf(task), `\`"${task}"\`, as the file is named`],
    ['project', oneOf(project), `\`${project}\`, whose folder it is in`],
    ['created_at', text, 'a time'],
    ['name', optional(text), 'a string'],
    ['mode', optional(oneOf('cli', 'run')), '`cli` or `run`'],
    ['engine', optional(engine), 'an engine: `kind`, `endpoint`, `identity`'],
    ['seeded_at', optional(text), 'a time'],
    ['run', optional(run), 'a run: `agent`, `prompt`, `timeout_seconds`, `started_at`'],
  ];
  return expected.flatMap(([key, check, what]) => {
    if (check(value[key])) return [];
    return [{ key, message: key in value ? `\`${key}\`: expected ${what}` : `\`${key}\` is missing: expected ${what}` }];
  });
}
