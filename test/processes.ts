import { processStartTime } from '../src/state/process-identity.ts';

/** A zombie has ended. */
export const isRunning = (pid: number): boolean => processStartTime(pid) !== undefined;
