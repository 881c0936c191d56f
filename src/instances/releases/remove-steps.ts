import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import type { StepKind } from '../../operations/model.ts';
import { isMissing, stateError } from '../../state/atomic.ts';
import { releaseDir, serviceReleasesDir } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineStep, ReleaseStep } from './build-steps.ts';
import { untag } from './seal-steps.ts';

interface UnloadStep extends EngineStep {
  readonly tag: string;
}

/** An engine that does not answer keeps an image without a release; that is no reason to keep the release. */
export const unload: StepKind = {
  do: 'release.unload',
  describe: (step) => `Take the name ${(step as UnloadStep).tag} off the image on the engine at ${(step as UnloadStep).engine.endpoint}`,
  async apply({ app }, step) {
    const { engine: ref, tag } = step as UnloadStep;
    const engine = app.engineAt(ref);
    try {
      await untag(engine, tag);
    } catch (error) {
      if (!(error instanceof SlipwayError) || !['E_ENGINE_UNREACHABLE', 'E_ENGINE_PERMISSION', 'E_ENGINE_TIMEOUT'].includes(error.code)) throw error;
      app.out.warn(`the engine at ${ref.endpoint} does not answer: an image ${tag} may be left there`);
    }
  },
};

/** Away at once, then piece by piece. */
export const remove: StepKind = {
  do: 'release.remove',
  describe: (step) => `Remove release ${(step as ReleaseStep).version} of ${(step as ReleaseStep).service}`,
  async apply({ app, operation }, step) {
    const { service, version } = step as ReleaseStep;
    const directory = releaseDir(app.paths, service, version);
    const away = join(serviceReleasesDir(app.paths, service), `.${operation}.removing-${encodeURIComponent(version)}`);
    await rename(directory, away).catch((cause: unknown) => {
      if (!isMissing(cause)) throw stateError('remove', directory, cause);
    });
    await removeTree(away);
  },
};
