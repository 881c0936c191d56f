import { SlipwayError } from '../errors.ts';

/** An error as the journal keeps it. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof SlipwayError) return { code: error.code, message: error.message };
  return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
