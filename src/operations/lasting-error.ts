import type { EngineRef } from '../engine/model.ts';
import type { SlipwayError } from '../errors.ts';
import type { OperationRecord } from './journal.ts';
import type { App } from './model.ts';

/** What passes by itself or is mended outside of Slipway. */
const passing: ReadonlySet<string> = new Set([
  'E_ENGINE_UNREACHABLE',
  'E_ENGINE_TIMEOUT',
  'E_ENGINE_PERMISSION',
  'E_ENGINE_STOPPED',
  'E_ENGINE_NONE',
  'E_ENGINE_CHANGED',
  'E_INSTALL_FOREIGN',
  'E_DISK_FULL',
  'E_STATE_PERMISSION',
  'E_STATE',
  'E_BUSY',
  'E_BAD_FILE',
  'E_NEWER_FORMAT',
  'E_STREAM',
  'E_CANCELLED',
]);

/** Errors that trying again cannot change: the operation is closed with what is true now. A refusal counts only from an engine that is well otherwise. */
export async function isLasting(app: App, record: OperationRecord, error: SlipwayError): Promise<boolean> {
  if (passing.has(error.code)) return false;
  return error.code !== 'E_ENGINE' || (await answers(app, record));
}

async function answers(app: App, { plan }: OperationRecord): Promise<boolean> {
  const refs = [...plan.steps, ...(plan.otherwise ?? [])].flatMap(({ engine }) => (engine ? [engine as unknown as EngineRef] : []));
  try {
    const engines = refs.length === 0 ? [await app.engine()] : refs.map((ref) => app.engineAt(ref));
    await Promise.all(engines.map((engine) => engine.ping()));
    return true;
  } catch {
    return false;
  }
}
