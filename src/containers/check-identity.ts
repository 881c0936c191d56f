import type { Engine, EngineRef } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';

/** "There is none" counts only from the engine that had it: another one may have taken over the address. `what` it had, such as `this task's container`. */
export async function checkIdentity(engine: Engine, recorded: EngineRef, what: string): Promise<void> {
  const { identity } = await engine.info();
  if (identity === recorded.identity) return;
  throw new SlipwayError('E_ENGINE_CHANGED', `Another engine answers at ${recorded.endpoint} than the one that holds ${what}.`, {
    hint: 'Start the engine that was used before. If it is gone for good, `slipway doctor` tells how to go on.',
  });
}
