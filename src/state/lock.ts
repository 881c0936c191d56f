import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rmdir, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { errorCode, isMissing, stateError } from './atomic.ts';
import { bootId, currentProcess, isSameProcessAlive, type ProcessIdentity } from './process-identity.ts';

export interface LockHolder extends ProcessIdentity {
  readonly token: string;
  /** The operation and its verb, for the message of those who wait. */
  readonly operation: string;
  readonly verb: string;
  readonly since: string;
}

export interface LockRequest {
  readonly operation: string;
  readonly verb: string;
  /** Default 60 s. 0 tries once. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called once, when it has to wait. */
  readonly onWait?: (holder: LockHolder) => void;
}

export interface Lock {
  release(): Promise<void>;
}

/** A holder in another PID namespace cannot be asked; its heartbeat (the file's mtime) is its lease. */
const leaseMs = 30_000;
const heartbeatMs = 10_000;
/** Taking over a dead holder's lock is a matter of milliseconds. */
const guardMs = 10_000;

/**
 * Takes the lock `locks/<name>.lock`, waiting for its holder. A holder that is dead, or of an earlier boot, loses it.
 * Throws E_BUSY when the time is up. Locks are not re-entrant.
 */
export async function acquireLock(directory: string, name: string, request: LockRequest): Promise<Lock> {
  const file = join(directory, `${name}.lock`);
  const deadline = Date.now() + (request.timeoutMs ?? 60_000);
  const holder: LockHolder = {
    ...currentProcess(),
    token: Math.random().toString(16).slice(2),
    operation: request.operation,
    verb: request.verb,
    since: new Date().toISOString(),
  };
  let waited = false;
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    request.signal?.throwIfAborted();
    if (tryCreate(file, holder)) return held(file, holder.token);
    const current = readHolder(file);
    if (current === undefined) continue;
    if (await isStale(file, current)) {
      await takeAway(file, current.token);
      continue;
    }
    if (Date.now() >= deadline) throw busy(name, current);
    if (!waited) request.onWait?.(current);
    waited = true;
    await sleep(Math.min(pause, Math.max(1, deadline - Date.now())), undefined, { ...(request.signal ? { signal: request.signal } : {}) });
  }
}

/** Who holds it now; `undefined` where nobody alive does. */
export async function lockHolder(directory: string, name: string): Promise<LockHolder | undefined> {
  const file = join(directory, `${name}.lock`);
  const holder = readHolder(file);
  return holder === undefined || (await isStale(file, holder)) ? undefined : holder;
}

/** Names of the locks in a folder whose holders are dead. */
export async function staleLocks(directory: string, folder: string): Promise<readonly string[]> {
  const names = await readdir(join(directory, folder)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw stateError('read', join(directory, folder), error);
  });
  const locks = names.filter((name) => name.endsWith('.lock')).map((name) => `${folder}/${name.slice(0, -'.lock'.length)}`);
  const holders = await Promise.all(locks.map((name) => lockHolder(directory, name)));
  return locks.filter((_, index) => holders[index] === undefined);
}

/**
 * A hard link of a finished file: the lock appears with its content or not at all. Taking and releasing are synchronous: a dozen
 * small calls, each of which would take ten times as long by the thread pool.
 */
function tryCreate(file: string, holder: LockHolder): boolean {
  const temporary = `${file}.${holder.token}`;
  try {
    writeInFolder(temporary, JSON.stringify(holder));
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw stateError('write', file, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeInFolder(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function readHolder(file: string): LockHolder | undefined {
  try {
    return parseHolder(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw stateError('read', file, error);
  }
}

/** A lock appears with its content: one without is what a power cut left, and its holder is dead. */
function parseHolder(text: string): LockHolder {
  try {
    const holder = JSON.parse(text) as LockHolder | null;
    if (typeof holder?.token === 'string') return holder;
  } catch {
    // As below.
  }
  return { token: '', operation: '', verb: '', since: '', pid: 0, startTime: '', bootId: '', pidNamespace: '' };
}

async function isStale(file: string, holder: LockHolder): Promise<boolean> {
  if (holder.bootId !== bootId()) return true;
  if (holder.pidNamespace === currentProcess().pidNamespace) return !isSameProcessAlive(holder);
  const times = await stat(file).catch(() => undefined);
  return times !== undefined && Date.now() - times.mtimeMs > leaseMs;
}

/**
 * Removes a dead holder's lock. Only one process at a time does so, and it looks again first: otherwise one that judged
 * the dead holder a moment ago would remove the lock of whoever took it over meanwhile.
 */
async function takeAway(file: string, token: string): Promise<void> {
  const guard = `${file}.guard`;
  try {
    await mkdir(guard);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw stateError('write', guard, error);
    const times = await stat(guard).catch(() => undefined);
    if (times !== undefined && Date.now() - times.mtimeMs > guardMs) await rmdir(guard).catch(() => {});
    await sleep(5);
    return;
  }
  try {
    if (readHolder(file)?.token === token) await unlink(file);
  } finally {
    await rmdir(guard).catch(() => {});
  }
}

function held(file: string, token: string): Lock {
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), heartbeatMs);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if (readHolder(file)?.token !== token) return;
      const away = `${file}.${token}`;
      renameSync(file, away);
      unlinkSync(away);
    },
  };
}

function busy(name: string, holder: LockHolder): SlipwayError {
  return new SlipwayError('E_BUSY', `${name} is in use by \`${holder.verb}\` (process ${holder.pid}, since ${holder.since}).`, {
    hint: 'Wait for it to end, or end that process; then run the command again.',
  });
}
