import { basename, posix } from 'node:path';
import type { PlannedJob } from '../model.ts';
import { Lane } from './channel.ts';
import type { JobRequest } from './model.ts';
import { errorRoom, recordRoom } from './records.ts';
import { stepScript } from './step-script.ts';

/** What the processes of an attempt carry in their environment. */
export function markerOf({ record, job, attempt }: JobRequest): string {
  return `${basename(record)}/${job.id}/${attempt}`;
}

/** Those that the job names. */
export function secretsOf(job: PlannedJob, secrets: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return job.secrets.flatMap((name) => {
    const value = secrets.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** What the names of its supervisors' folders begin with. */
export const lanePrefix = ({ job, attempt }: JobRequest) => `${job.id}.${attempt}`;

/** The folder of a supervisor that runs at most so many steps. */
export function prepareLane(request: JobRequest, steps: number): Lane {
  const { channel, executor } = request;
  const lane = Lane.create(channel, executor.channel, lanePrefix(request), executor.kind);
  // Written through, so that a full disk shows now, and not when something has to be told.
  lane.write('records', '\n'.repeat(recordRoom.supervisor + steps * recordRoom.step));
  lane.write('errors', ' '.repeat(errorRoom));
  return lane;
}

export interface StepWanted {
  readonly command: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutSeconds?: number;
}

/** What every step of a job gets. */
export function jobVariables({ job, env }: JobRequest): Readonly<Record<string, string>> {
  const matrix = Object.entries(job.matrix ?? {}).map(([key, value]) => [`MATRIX_${key.toUpperCase()}`, value]);
  return { ...env, ...Object.fromEntries(matrix), ...job.env };
}

/** What the supervisor needs to run a step: its script, its limit, and where its output goes. */
export function prepareStep(request: JobRequest, lane: Lane, step: number, wanted: StepWanted): void {
  const { job, executor } = request;
  const script = stepScript({
    command: wanted.command,
    env: { ...jobVariables(request), ...wanted.env },
    cwd: posix.join(executor.workspace, wanted.cwd ?? job.cwd),
  });
  lane.write(`${step}.out`, '');
  lane.write(`${step}.err`, '');
  if (wanted.timeoutSeconds !== undefined) lane.write(`${step}.limit`, `${wanted.timeoutSeconds}\n`);
  lane.write(`${step}.sh`, script);
}
