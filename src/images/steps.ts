import type { StepKind } from '../operations/model.ts';
import { bootstrapBase } from './bootstrap.ts';
import { buildLayer, nameLayer } from './build-step.ts';
import { renderStep } from './generate.ts';
import { pullImage } from './pull-step.ts';
import { discardBuild, removeImage, sweepImages } from './remove-step.ts';
import { dropArchive, saveImages } from './save.ts';
import { importImage, loadImages } from './transfer-steps.ts';

export const steps: readonly StepKind[] = [
  bootstrapBase,
  buildLayer,
  discardBuild,
  dropArchive,
  importImage,
  loadImages,
  nameLayer,
  pullImage,
  removeImage,
  renderStep,
  saveImages,
  sweepImages,
];
