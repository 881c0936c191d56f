import { SlipwayError } from '../../errors.ts';
import type { Outcome } from '../model.ts';

/** What a workspace that could not be made means for its run. */
export function workspaceOutcome(error: unknown): Outcome {
  const isFull = error instanceof SlipwayError && error.code === 'E_DISK_FULL';
  return {
    kind: isFull ? 'disk-full' : 'workspace-materialization-failed',
    message: error instanceof Error ? error.message : String(error),
    // The commit and what is missing of it stay as they are; space may come.
    retryable: isFull,
    evidence: {
      code: error instanceof SlipwayError ? error.code : null,
      detail: error instanceof SlipwayError ? (error.detail ?? null) : null,
      hint: error instanceof SlipwayError ? (error.hint ?? null) : null,
    },
  };
}
