import type { TaskStatus } from '../../tasks/model.ts';
import { taskStatus } from '../../tasks/status.ts';
import { type Call, printResult } from '../call.ts';

export async function status(call: Call, project: string, task: string): Promise<void> {
  const found = await taskStatus(call.app, { project, task });
  printResult(call, statusJson(found), textOf(found));
}

/** The documented shape of `--json`: snake_case keys, `null` for what there is not. */
export function statusJson(task: TaskStatus): Readonly<Record<string, unknown>> {
  const { run } = task;
  return {
    id: task.id,
    project: task.project,
    name: task.name ?? null,
    mode: task.mode ?? null,
    state: task.state,
    container: task.container ?? null,
    container_id: task.containerId ?? null,
    engine: task.engine ?? null,
    created_at: task.createdAt,
    started_at: task.startedAt ?? null,
    workspace: task.workspace,
    run:
      run === undefined
        ? null
        : {
            agent: run.agent,
            prompt: run.prompt,
            timeout_seconds: run.timeoutSeconds,
            started_at: run.startedAt,
            exit_code: run.end?.exitCode ?? null,
            reason: run.end?.reason ?? null,
            ended_at: run.end?.at ?? null,
          },
    problems: task.problems.map(({ kind, message, fix }) => ({ kind, message, fix: fix ?? null })),
  };
}

/** The state in a person's words: `exited (3)` for a run that ended. */
export function stateText({ state, run }: TaskStatus): string {
  const words = state === 'not-found' ? 'not found' : state;
  if (run?.end === undefined || state === 'running') return words;
  const { reason, exitCode } = run.end;
  return `${words} (${reason === 'exited' || exitCode === undefined ? (exitCode ?? reason) : `${exitCode}, ${reason}`})`;
}

function textOf(task: TaskStatus): string {
  const { run } = task;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['task', `${task.id} of ${task.project}${task.name === undefined ? '' : `: ${task.name}`}`],
    ['state', stateText(task)],
    ['mode', task.mode ?? 'not run yet'],
    ['container', task.container && `${task.container}${task.containerId === undefined ? '' : ` (${task.containerId.slice(0, 12)})`}`],
    ['engine', task.engine && `${task.engine.kind} at ${task.engine.endpoint}`],
    ['created', task.createdAt],
    ['started', task.startedAt],
    ['workspace', task.workspace],
    ['agent', run?.agent],
    ['prompt', run?.prompt],
    ['ended', run?.end && `${run.end.at} (${run.end.reason}${run.end.exitCode === undefined ? '' : `, exit code ${run.end.exitCode}`})`],
  ];
  const lines = rows.flatMap(([key, value]) => (value === undefined ? [] : [`${`${key}:`.padEnd(11)}${value}`]));
  return [...lines, ...task.problems.map(({ message, fix }) => `attention: ${message}${fix === undefined ? '' : ` (\`${fix}\`)`}`)].join('\n');
}
