import type { StepKind } from '../../operations/model.ts';
import { buildImage, checkOut, pullImage, runBuild } from './build-steps.ts';
import { loadStep } from './load.ts';
import { remove, unload } from './remove-steps.ts';
import { copyFiles, discard, publish, saveImage, seal, tidy } from './seal-steps.ts';

/** `release.load` is `{ service, version, engine: EngineRef }`. */
export const steps: readonly StepKind[] = [
  checkOut,
  runBuild,
  buildImage,
  pullImage,
  saveImage,
  copyFiles,
  seal,
  tidy,
  publish,
  discard,
  loadStep,
  unload,
  remove,
];
