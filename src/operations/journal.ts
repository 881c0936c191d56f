import { join } from 'node:path';
import type { ProcessIdentity } from '../state/process-identity.ts';
import type { Json, Plan } from './model.ts';

export interface JournalBegin {
  readonly format: 1;
  readonly type: 'begin';
  readonly operation: string;
  readonly verb: string;
  /** A person's words for it. */
  readonly summary: string;
  readonly wanted: Json;
  readonly locks: readonly string[];
  readonly plan: Plan;
  readonly at: string;
  readonly user: string;
  readonly pid: number;
  readonly command: string;
}

export type OperationOutcome = 'done' | 'failed' | 'completed' | 'undone' | 'abandoned';

export type JournalLine =
  | JournalBegin
  | { readonly type: 'intent'; readonly step: number; readonly at: string }
  | { readonly type: 'done'; readonly step: number; readonly at: string }
  /** Recovery planned again: the steps that follow are this plan's. */
  | { readonly type: 'replan'; readonly plan: Plan; readonly at: string }
  | { readonly type: 'child'; readonly process: Pick<ProcessIdentity, 'pid' | 'startTime' | 'bootId'>; readonly at: string }
  | {
      readonly type: 'end';
      readonly at: string;
      /** `completed` and `undone` are recovery's words; `abandoned`: recovery could do neither and says why. */
      readonly outcome: OperationOutcome;
      readonly error?: { readonly code: string; readonly message: string };
      /** Indexes of steps that cannot be repeated and whose result is unknown. */
      readonly unknown?: readonly number[];
    };

/** An operation as its journal tells it. */
export interface OperationRecord {
  readonly begin: JournalBegin;
  /** The plan that the step numbers below belong to. */
  readonly plan: Plan;
  /** A recovery has already decided to go forward. */
  readonly forward: boolean;
  readonly intended: ReadonlySet<number>;
  readonly done: ReadonlySet<number>;
  readonly children: readonly Pick<ProcessIdentity, 'pid' | 'startTime' | 'bootId'>[];
  readonly end: Extract<JournalLine, { type: 'end' }> | undefined;
}

export const openDir = (directory: string) => join(directory, 'open');

/** Of an operation that has not ended. */
export const openFile = (directory: string, operation: string) => join(openDir(directory), `${operation}.jsonl`);
