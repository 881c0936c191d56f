import { chmod, link, rm } from 'node:fs/promises';
import { SlipwayError } from '../../errors.ts';
import type { Step, StepKind } from '../../operations/model.ts';
import { errorCode, readFileIfAny, stateError, writeFileAtomic } from '../../state/atomic.ts';
import { claimRepositoryName } from '../repositories.ts';
import { addTrust } from './trust.ts';

interface TrustStep extends Step {
  readonly home: string;
  readonly sha256: string;
}

export interface WriteStep extends Step {
  readonly do: 'pipeline.write';
  readonly file: string;
  readonly text: string;
  readonly executable: boolean;
}

const trust: StepKind = {
  do: 'pipeline.trust',
  describe: (step) => `Trust the tree ${(step as TrustStep).sha256} of .slipway/`,
  async apply({ app }, step) {
    const { home, sha256 } = step as TrustStep;
    await addTrust(app.paths, await claimRepositoryName(app.paths, home), { sha256, at: app.clock.now().toISOString() });
  },
};

const write: StepKind = {
  do: 'pipeline.write',
  describe: (step) => `Write ${(step as WriteStep).file}`,
  async apply({ operation }, step) {
    const { file, text, executable } = step as WriteStep;
    const temporary = `${file}.${operation}.tmp`;
    try {
      await writeFileAtomic(temporary, text);
      if (executable) await chmod(temporary, 0o755);
      // A link is not made over a file that is there.
      await link(temporary, file);
    } catch (cause) {
      if (errorCode(cause) !== 'EEXIST') throw stateError('write', file, cause);
      if ((await readFileIfAny(file)) === text) return;
      throw new SlipwayError('E_FILE_EXISTS', `${file} was made by somebody else meanwhile, and is left as it is.`, {
        hint: 'Look at it, and run the command again.',
      });
    } finally {
      await rm(temporary, { force: true });
    }
  },
};

export const steps: readonly StepKind[] = [trust, write];
