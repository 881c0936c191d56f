import type { StepKind } from '../operations/model.ts';
import { steps as health } from './health/steps.ts';
import { steps as supervision } from './supervision/steps.ts';
import { steps as update } from './update/steps.ts';

const own: readonly StepKind[] = [];

export const steps: readonly StepKind[] = [...own, ...health, ...update, ...supervision];
