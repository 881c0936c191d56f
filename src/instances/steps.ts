import type { StepKind } from '../operations/model.ts';
import { createContainer, halt, keepLogs, loadImage, started, untagImages } from './container-steps.ts';
import { dropHandedOver, record, setState, writeConfig, writeEnv } from './file-steps.ts';
import { forget, prepare, removeFiles, removeMade } from './folder-steps.ts';
import { steps as health } from './health/steps.ts';
import { steps as supervision } from './supervision/steps.ts';
import { steps as update } from './update/steps.ts';

const own = [
  prepare,
  writeConfig,
  writeEnv,
  dropHandedOver,
  setState,
  loadImage,
  untagImages,
  createContainer,
  record,
  keepLogs,
  started,
  halt,
  removeFiles,
  forget,
  removeMade,
];

export const steps: readonly StepKind[] = [...own, ...health, ...update, ...supervision];
