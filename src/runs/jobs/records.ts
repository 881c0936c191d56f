/** What a supervisor tells, see templates/ci/supervise.sh. */
export type SupervisorRecord =
  | { readonly kind: 'hello'; readonly watcher: number; readonly kills: number | undefined }
  | { readonly kind: 'start'; readonly step: number; readonly uptime: number | undefined }
  | {
      readonly kind: 'end';
      readonly step: number;
      readonly uptime: number | undefined;
      readonly exitCode: number;
      /** `timeout`: the step's limit, `limit`: the job's. */
      readonly reason: 'exited' | 'timeout' | 'limit' | 'cancelled';
      readonly kills: number | undefined;
      /** Something that it left behind still holds its output. */
      readonly isOpen: boolean;
      /** Some of its output could not be written. */
      readonly isCut: boolean;
    }
  | { readonly kind: 'done'; readonly uptime: number | undefined; readonly reason: DoneReason; readonly isCut: boolean };

export type DoneReason = 'exited' | 'failed' | 'timeout' | 'limit' | 'cancelled';

/** Room that a step's two records need at most, and the supervisor's own. */
export const recordRoom = { step: 160, supervisor: 160 } as const;
export const errorRoom = 4096;

const uptime = '(\\d{1,12}\\.\\d{1,3}|-)';
const shapes = {
  hello: /^hello 1 (\d{1,9}) (\d{1,9}) (\d{1,15}|-) \.$/,
  start: new RegExp(`^start (\\d{1,9}) ${uptime} (\\d{1,9}) \\.$`),
  end: new RegExp(`^end (\\d{1,9}) ${uptime} (\\d{1,3}) (exited|timeout|limit|cancelled) (-?\\d{1,15}|-) (closed|open) (whole|cut) \\.$`),
  done: new RegExp(`^done ${uptime} (exited|failed|timeout|limit|cancelled) (whole|cut) \\.$`),
};

/** A line, strictly; `undefined`: it is none, or not whole yet. */
export function parseRecord(line: string): SupervisorRecord | undefined {
  const hello = shapes.hello.exec(line);
  if (hello) return { kind: 'hello', watcher: Number(hello[2]), kills: amount(hello[3]) };
  const start = shapes.start.exec(line);
  if (start) return { kind: 'start', step: Number(start[1]), uptime: amount(start[2]) };
  const end = shapes.end.exec(line);
  if (end && Number(end[3]) <= 255) {
    const kills = amount(end[5]);
    return {
      kind: 'end',
      step: Number(end[1]),
      uptime: amount(end[2]),
      exitCode: Number(end[3]),
      reason: end[4] as 'exited' | 'timeout' | 'limit' | 'cancelled',
      kills: kills === undefined ? undefined : Math.max(0, kills),
      isOpen: end[6] === 'open',
      isCut: end[7] === 'cut',
    };
  }
  const done = shapes.done.exec(line);
  if (done) return { kind: 'done', uptime: amount(done[1]), reason: done[2] as DoneReason, isCut: done[3] === 'cut' };
  return undefined;
}

function amount(text: string | undefined): number | undefined {
  return text === undefined || text === '-' ? undefined : Number(text);
}
