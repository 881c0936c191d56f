import { restartInstance } from '../../instances/verbs.ts';
import { servedBy } from '../../instances/serving.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { runningLine, serviceUrl } from './running.ts';

export async function restart(call: Call, name: string): Promise<void> {
  const { app } = call;
  const changed = await change(app, restartInstance, { instance: name, after: app.clock.now().toISOString() });
  if (await printPlan(call, changed)) return;
  const { config: configured, container, drift } = changed.before;
  const config = servedBy(configured, container);
  if (drift.length > 0)
    app.out.note(`Its container is the same as before: ${drift.length} settings differ. \`slipway instance start ${name}\` shows and applies them.`);
  printResult(call, { id: name, state: 'running', url: serviceUrl(config), drift: drift.length }, runningLine(config));
}
