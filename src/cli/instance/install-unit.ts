import { SlipwayError } from '../../errors.ts';
import { observeUnit } from '../../instances/units/units.ts';
import { installInstance } from '../../instances/units/verbs.ts';
import { change } from '../../operations/change.ts';
import type { Call } from '../call.ts';

/** A new instance gets its unit where something reads units. What stands in the way of it keeps nobody from the instance, which runs. */
export async function installUnit(call: Call, instance: string): Promise<void> {
  const { app } = call;
  const unit = await observeUnit(app, instance);
  if (unit.manager === 'none') {
    app.out.note(`Neither systemd nor launchd answers here: \`slipway supervise ${instance}\` looks after it, and brings it back after a reboot.`);
    return;
  }
  try {
    await change(app, installInstance, { instance, linger: false });
    if (unit.lingering === false) app.out.note(`It stops when you log out, unless you let it: \`slipway instance install ${instance} --yes\`.`);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    app.out.warn(`${instance} runs, and has no unit: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`);
  }
}
