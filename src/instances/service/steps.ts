import type { StepKind } from '../../operations/model.ts';

export const steps: readonly StepKind[] = [];
