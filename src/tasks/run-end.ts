import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerDetails } from '../engine/model.ts';
import type { Json, Plan } from '../operations/model.ts';
import { errorCode, isMissing } from '../state/atomic.ts';
import { isStopped, type RunEnd } from './model.ts';
import type { TaskObserved } from './observe.ts';

/** What the supervisor in the container wrote. The container can write anything there: it is checked, and the engine's word goes first. */
export interface ExitRecord {
  readonly exitCode: number;
  readonly reason: 'exited' | 'timeout' | 'stopped';
  readonly at: string;
}

const maximumBytes = 4096;

/** `undefined`: no record, or nothing that could be one. */
export async function readExitRecord(records: string): Promise<ExitRecord | undefined> {
  const text = await readPlainFile(join(records, 'exit.json'));
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { exit_code: exitCode, reason, ended_at: endedAt } = value;
    if (typeof exitCode !== 'number' || !Number.isInteger(exitCode) || exitCode < 0 || exitCode > 255 || typeof endedAt !== 'number') return undefined;
    if (reason !== 'exited' && reason !== 'timeout' && reason !== 'stopped') return undefined;
    return { exitCode, reason, at: new Date(endedAt * 1000).toISOString() };
  } catch {
    return undefined;
  }
}

/** Neither through a link, nor from a pipe that never ends. */
async function readPlainFile(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return undefined;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maximumBytes), 0, maximumBytes, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}

/**
 * How a headless run ended; `undefined`: it goes on. The container's exit code is the supervisor's, which is the agent's;
 * where the container is gone its record speaks; where there is neither, it is lost, never a success.
 */
export function endOf(
  container: Pick<ContainerDetails, 'state' | 'exitCode' | 'finishedAt'> | undefined,
  record: ExitRecord | undefined,
  now: string,
): RunEnd | undefined {
  if (container !== undefined && !isStopped(container.state)) return undefined;
  // After a power cut Podman calls a container that had run `created`, with exit code 0: its number means nothing.
  if (container === undefined || container.state === 'created') return record ?? { reason: 'lost', at: now };
  const at = container.finishedAt ?? record?.at ?? now;
  if (record !== undefined && record.exitCode === container.exitCode) return { ...record, at };
  // Killed from outside, with its supervisor: the engine's number is all there is.
  return container.exitCode === undefined ? { reason: 'lost', at } : { exitCode: container.exitCode, reason: 'stopped', at };
}

export interface EndObserved extends TaskObserved {
  readonly record: ExitRecord | undefined;
}

export function planRecordEnd({ metadata, container, record, at }: EndObserved, { startedAt }: { readonly startedAt: string }): Plan {
  const { run } = metadata;
  if (run === undefined || run.startedAt !== startedAt || run.end !== undefined) return { steps: [] };
  const end = endOf(container, record, at);
  if (end === undefined) return { steps: [] };
  return { steps: [{ do: 'task.write', metadata: { ...metadata, run: { ...run, end } } as unknown as Json }] };
}
