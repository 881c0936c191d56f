import { existsSync } from 'node:fs';
import { SlipwayError } from '../../errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../state/atomic.ts';
import { lockHolder } from '../../state/lock.ts';
import { instanceFile, instanceSupervisionFile, locksDir, type Paths } from '../../state/paths.ts';
import { bootId, currentProcess, isSameProcessAlive, type ProcessIdentity } from '../../state/process-identity.ts';

/** How the service ended the last time, as its supervisor saw it. */
export interface LastExit {
  /** ISO 8601. */
  readonly at: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** It did not end within its stop timeout. */
  readonly killed?: true;
}

/** The program of an instance of kind `process`; it leads a process group of its own. */
export interface SupervisedProcess extends ProcessIdentity {
  /** ISO 8601. */
  readonly startedAt: string;
}

/**
 * `watching`: it runs, or is being started. `waiting`: a restart comes at `nextAttemptAt`. `held`: an operation has it stopped.
 * `failed`: given up. `ended`: the supervisor ended in order.
 */
export type SupervisionState = 'watching' | 'waiting' | 'held' | 'failed' | 'ended';

/** `supervision.json`, which only the supervisor writes, or without one who ends its program: read it beside `isSupervised`, since a supervisor that was killed leaves it as it was. */
export interface Supervision {
  readonly format: 1;
  readonly state: SupervisionState;
  /** Of the boot that this was written in. */
  readonly bootId: string;
  /** ISO 8601, of the restarts since it ran well for a whole window. */
  readonly restarts: readonly string[];
  /** When it was started last. */
  readonly startedAt: string | undefined;
  readonly lastExit: LastExit | undefined;
  /** Of `waiting`. */
  readonly nextAttemptAt: string | undefined;
  /** Of `failed`: when and why, in words. */
  readonly failedAt: string | undefined;
  readonly reason: string | undefined;
  /** Of kind `process`: what was started last. It may have ended: `runningProcess` tells. */
  readonly process: SupervisedProcess | undefined;
}

/** Held by the process that supervises it, for as long as it does. */
export const supervisionLock = (instance: string) => `supervise/${instance}`;

/** `undefined`: it was never supervised. */
export async function readSupervision(paths: Paths, instance: string): Promise<Supervision | undefined> {
  const file = instanceSupervisionFile(paths, instance);
  const text = await readFileIfAny(file);
  if (text === undefined) return undefined;
  try {
    const supervision = JSON.parse(text) as Supervision;
    if (typeof supervision.state === 'string' && Array.isArray(supervision.restarts)) return supervision;
  } catch {
    // Told below.
  }
  throw new SlipwayError('E_BAD_FILE', `${file} cannot be read.`, { hint: 'Remove it: the next `slipway supervise` writes it anew.' });
}

/** Of an instance that is being deleted nothing is written any more: it would bring its folder back. */
export async function writeSupervision(paths: Paths, instance: string, supervision: Supervision): Promise<void> {
  if (!existsSync(instanceFile(paths, instance))) return;
  await writeFileAtomic(instanceSupervisionFile(paths, instance), `${JSON.stringify(supervision, undefined, 2)}\n`);
}

/** Whether a living process supervises it now. */
export async function isSupervised(paths: Paths, instance: string): Promise<boolean> {
  return (await lockHolder(locksDir(paths), supervisionLock(instance))) !== undefined;
}

/** How a supervisor's lock names the one that `instance start` left behind for a program. */
export const detachedVerb = (instance: string) => `supervise ${instance} (detached)`;

/** The program that runs now, of an instance of kind `process`, whoever looks after it. */
export async function runningProcess(paths: Paths, instance: string): Promise<SupervisedProcess | undefined> {
  const { process: program } = (await readSupervision(paths, instance)) ?? {};
  return program !== undefined && isRunning(program) ? program : undefined;
}

/** One of an earlier boot or of another PID namespace is gone, or cannot be reached: a pid means nothing then. */
export function isRunning(program: SupervisedProcess): boolean {
  return program.bootId === bootId() && program.pidNamespace === currentProcess().pidNamespace && isSameProcessAlive(program);
}

/** Goes on after `ended`. */
export function wordsOfExit({ exitCode, signal, killed }: LastExit): string {
  if (killed) return 'only by being killed';
  return signal === undefined ? `with exit code ${exitCode ?? 'unknown'}` : `by ${signal}`;
}
