import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { isMissing } from '../../state/atomic.ts';
import type { Outcome } from '../model.ts';
import { RunFailure } from './failure.ts';

export const dockerfilePath = '.slipway/Dockerfile';

/** Its path in the workspace, links resolved. The tree is not ours: a link that leads out of it would build what nobody committed. */
export async function findDockerfile(workspace: string): Promise<string> {
  const file = join(workspace, dockerfilePath);
  const top = await realpath(workspace);
  let found: string;
  try {
    found = await realpath(file);
  } catch (cause) {
    if (!isMissing(cause)) throw invalid('links', `${dockerfilePath} cannot be read: its links lead nowhere.`);
    throw new RunFailure('E_RUN_IMAGE', failure('missing', `There is no ${dockerfilePath}, and the pipeline names no \`image\`.`), {
      hint: `Write ${dockerfilePath}, or name an image in the pipeline.`,
    });
  }
  const path = relative(top, found);
  if (path === '..' || path.startsWith('../') || isAbsolute(path)) throw invalid('outside', `${dockerfilePath} is a link that leads out of the tested tree.`);
  if (!(await stat(found)).isFile()) throw invalid('not-a-file', `${dockerfilePath} is not a file.`);
  return path;
}

function invalid(reason: string, message: string): RunFailure {
  return new RunFailure('E_RUN_IMAGE', failure(reason, message), { hint: `Correct ${dockerfilePath}.` });
}

function failure(reason: string, message: string): Outcome {
  return { kind: 'image-build-failed', message, retryable: false, evidence: { reason, dockerfile: dockerfilePath } };
}
