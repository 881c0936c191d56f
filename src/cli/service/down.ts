import { CONTAINER_NAME, SERVICE, VOLUME_NAMES } from '../../instances/service/constants.ts';
import { takeDownService } from '../../instances/service/take-down.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

export interface DownFlags {
  readonly volumes?: true | undefined;
  readonly yes?: true | undefined;
}

export async function down(call: Call, flags: DownFlags): Promise<void> {
  const names = Object.values(VOLUME_NAMES);
  if (flags.volumes) await confirmRemoval(call, flags.yes, `Remove the volumes ${names.join(', ')} with every session, project and setting in them?`);
  const changes = await takeDownService(call.app, SERVICE, { volumes: flags.volumes ?? false });
  if (call.app.dryRun) {
    const plan = { steps: changes.flatMap(({ plan: { steps } }) => steps) };
    await printPlan(call, { before: undefined, plan, operation: undefined });
    return;
  }
  const steps = changes.flatMap(({ plan }) => plan.steps);
  const container = steps.some((step) => step.do === 'container.remove');
  const volumes = steps.filter((step) => step.do === 'service.remove-volume').map(({ volume }) => String(volume));
  const parts = [...(container ? [`container ${CONTAINER_NAME}`] : []), ...volumes.map((name) => `volume ${name}`)];
  const text = parts.length === 0 ? 'Nothing to remove.' : `Removed ${parts.join(', ')}.${flags.volumes ? '' : ' Its volumes stay.'}`;
  printResult(call, { id: SERVICE, container: container ? CONTAINER_NAME : null, volumes }, text);
}
