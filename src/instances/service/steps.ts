import type { StepKind } from '../../operations/model.ts';
import { imageSteps } from './image-build.ts';

export const steps: readonly StepKind[] = [...imageSteps];
