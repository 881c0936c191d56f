import { SlipwayError, type SlipwayErrorFacts } from '../../errors.ts';
import type { Outcome } from '../model.ts';

/** A failure that knows how the run ends by it. */
export class RunFailure extends SlipwayError {
  readonly outcome: Outcome;

  constructor(code: `E_${string}`, outcome: Outcome, facts: SlipwayErrorFacts = {}) {
    super(code, outcome.message, facts);
    this.outcome = outcome;
  }
}

const unreachable: ReadonlySet<string> = new Set(['E_ENGINE_UNREACHABLE', 'E_ENGINE_TIMEOUT', 'E_ENGINE_PERMISSION', 'E_ENGINE_STOPPED', 'E_ENGINE_CHANGED']);

/** The engine could not be asked: whether anything happened is unknown. */
export function isEngineLost(error: unknown): boolean {
  return error instanceof SlipwayError && unreachable.has(error.code);
}

export function engineLost(message: string, evidence: Outcome['evidence']): Outcome {
  return { kind: 'engine-lost', message, retryable: true, evidence };
}

/** What an error means that came up while a run's image, services or container were made. `undefined`: it was cancelled. */
export function outcomeOfError(error: unknown, otherwise: Outcome['kind']): Outcome | undefined {
  if (error instanceof RunFailure) return error.outcome;
  const { code, message, detail } = factsOf(error);
  const evidence = { error: code, ...(detail === undefined ? {} : { last_lines: detail }) };
  if (code === 'E_CANCELLED') return undefined;
  if (isEngineLost(error)) return engineLost(message, evidence);
  if (code === 'E_DISK_FULL' || /no space left on device|disk quota exceeded/i.test(`${message}\n${detail ?? ''}`)) {
    return { kind: 'disk-full', message, retryable: true, evidence };
  }
  return { kind: otherwise, message, retryable: false, evidence };
}

function factsOf(error: unknown): { readonly code: string; readonly message: string; readonly detail?: string } {
  if (!(error instanceof SlipwayError)) return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
  return { code: error.code, message: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) };
}
