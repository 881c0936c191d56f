import type { StepKind } from '../../operations/model.ts';

/** Step kinds `instance.unit-*` and `instance.process-*`. */
export const steps: readonly StepKind[] = [];
