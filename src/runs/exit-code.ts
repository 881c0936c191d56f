import type { ExitCode } from '../errors.ts';
import type { OutcomeKind } from './model.ts';

/** 125 is whatever is not the pipeline's own, as `docker run` has it. */
export const exitCodes: Readonly<Record<OutcomeKind, ExitCode>> = {
  succeeded: 0,
  'command-failed': 1,
  timeout: 1,
  cancelled: 130,
  superseded: 125,
  'out-of-memory': 125,
  'container-died': 125,
  'container-removed': 125,
  'engine-lost': 125,
  'image-build-failed': 125,
  'image-pull-failed': 125,
  'container-start-failed': 125,
  'workspace-materialization-failed': 125,
  'pipeline-invalid': 125,
  'disk-full': 125,
  'runner-crashed': 125,
};
