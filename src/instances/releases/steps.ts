import type { StepKind } from '../../operations/model.ts';

/** `release.load` is `{ service, version, engine: EngineRef }`. */
export const steps: readonly StepKind[] = [];
