import { cancelCiRun } from '../../runs/cancel.ts';
import { followCiRun } from '../../runs/follow.ts';
import { runStatus } from '../../runs/status.ts';
import { type Call, printResult } from '../call.ts';
import { namedRun } from './find.ts';
import { statusJson } from './show-json.ts';

export async function cancel(call: Call, run: string): Promise<void> {
  const { app } = call;
  const ref = await namedRun(call, run);
  const asked = await cancelCiRun(app, ref, `ci cancel, by ${app.person.name}`);
  if (asked) app.out.progress(`Ending run ${ref.run}`);
  const outcome = await followCiRun(app, ref, () => {}, app.signal);
  const text = asked ? `Run ${ref.run} has ended: ${outcome.kind}.` : `Run ${ref.run} had ended already: ${outcome.kind}.`;
  printResult(call, statusJson(await runStatus(app, ref)), text);
}
