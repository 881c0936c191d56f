import { usageError, type ExitCode } from '../../errors.ts';
import { restartSettings } from '../../instances/supervision/back-off.ts';
import { supervise } from '../../instances/supervision/supervise.ts';
import { superviseAll } from '../../instances/supervision/supervise-all.ts';
import { failedExit, supervisedByVariable } from '../../instances/units/render.ts';
import type { Call } from '../call.ts';

/** Until it is told to end. */
export async function superviseInstances({ app }: Call, name: string | undefined): Promise<ExitCode> {
  if (app.dryRun) throw usageError('Supervising has no plan.');
  const restart = restartSettings(app.env);
  if (name === undefined) {
    await superviseAll(app, restart);
    return 0;
  }
  const end = await supervise(app, name, { restart, stays: false });
  switch (end) {
    case 'failed':
      // Every other exit code makes launchd start it again.
      return app.env[supervisedByVariable] === 'launchd' ? 0 : failedExit;
    case 'gone':
      app.out.note(`${name} was deleted.`);
      return 0;
    case 'stopped':
      app.out.note(`${name} is stopped; \`slipway instance start ${name}\` starts it.`);
      return 0;
    case 'told':
      return 0;
  }
}
