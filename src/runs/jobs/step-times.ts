import { readFileSync } from 'node:fs';

/** Turns a supervisor's seconds since boot into times. One that cannot be is the moment it is read in. */
export class StepTimes {
  private last: number;

  /** Nothing happened before `earliest`, in milliseconds since 1970. */
  constructor(earliest: number) {
    this.last = earliest;
  }

  at(uptime: number | undefined): Date {
    const now = Date.now();
    const own = uptime === undefined ? undefined : ownUptime();
    const time = uptime === undefined || own === undefined ? now : now - (own - uptime) * 1000;
    // The hundredths of its clock may round to before what was seen already.
    this.last = Math.min(now, Math.max(this.last, time >= this.last - 100 ? time : now));
    return new Date(this.last);
  }
}

function ownUptime(): number | undefined {
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  } catch {
    return undefined;
  }
}
