import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/** What tells one process of one boot of one machine from all others. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The kernel's start time in clock ticks since boot; empty where the system does not tell. */
  readonly startTime: string;
  readonly bootId: string;
  /** `pid:[4026531836]`; empty where the system has no PID namespaces. */
  readonly pidNamespace: string;
}

export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: processStartTime(process.pid) ?? '', bootId: bootId(), pidNamespace: pidNamespace() };
}

/** `undefined`: no such process. Fields 3 and 22 of /proc/PID/stat, see proc(5). */
export function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; its parent has only not asked for it yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return isAlive(pid) ? '' : undefined;
  }
}

/** Whether exactly that process still runs: a reused pid is another process. */
export function isSameProcessAlive(identity: Pick<ProcessIdentity, 'pid' | 'startTime'>): boolean {
  const now = processStartTime(identity.pid);
  return now !== undefined && now === identity.startTime;
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // macOS has no boot id: the minute of the boot serves.
    return `${hostname()}-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}

export function machineId(): string {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(file, 'latin1').trim();
      if (id) return id;
    } catch {
      // The next place.
    }
  }
  return hostname();
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
