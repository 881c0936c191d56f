import type { StepKind } from '../../operations/model.ts';
import { imageSteps } from './image-build.ts';
import { volumeSteps } from './volumes.ts';

export const steps: readonly StepKind[] = [...imageSteps, ...volumeSteps];
