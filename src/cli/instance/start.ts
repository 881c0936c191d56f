import { usageError } from '../../errors.ts';
import type { Drift } from '../../instances/model.ts';
import { observeInstance } from '../../instances/observe.ts';
import { checkSecrets, drifted } from '../../instances/plan.ts';
import { servedBy } from '../../instances/serving.ts';
import { replaceVersion } from '../../instances/update/replace.ts';
import { startInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { canAsk, type Call, formatTable, printPlan, printResult } from '../call.ts';
import { confirm, declined } from '../questions.ts';
import { runningLine, serviceUrl } from './running.ts';

export interface StartFlags {
  readonly yes?: true | undefined;
  readonly asIs?: true | undefined;
}

export async function start(call: Call, name: string, flags: StartFlags): Promise<void> {
  const { app } = call;
  if (flags.yes && flags.asIs) throw usageError('--yes and --as-is exclude each other.');
  const observed = await observeInstance(app, name);
  const { config, drift } = observed;
  if (drift.length > 0 && !flags.asIs) {
    checkSecrets(observed);
    await confirmDrift(call, name, drift, flags);
    const { changed } = await replaceVersion(app, 'apply-drift', { instance: name, start: true });
    if (await printPlan(call, changed)) return;
    return printResult(call, { id: name, state: 'running', url: serviceUrl(config), changed: true }, runningLine(config));
  }
  const changed = await change(app, startInstance, { instance: name, asIs: flags.asIs ?? false });
  if (await printPlan(call, changed)) return;
  const served = servedBy(config, changed.before.container);
  const text = changed.operation === undefined ? `Instance ${name} is running already, and is well.` : runningLine(served);
  printResult(call, { id: name, state: 'running', url: serviceUrl(served), changed: changed.operation !== undefined }, text);
}

/** One table of what differs, and one question. */
async function confirmDrift(call: Call, name: string, drift: readonly Drift[], { yes }: StartFlags): Promise<void> {
  const { app } = call;
  if (!call.json || !yes) app.out.note(`What is configured for ${name} differs from its container:\n${driftTable(drift)}`);
  if (yes || app.dryRun) return;
  if (!canAsk(call)) throw drifted(name);
  if (await confirm(call, 'Make the container anew from the configuration?', true)) return;
  throw declined('Nothing was changed.', `\`slipway instance start ${name} --as-is\` starts it as it is.`);
}

export function driftTable(drift: readonly Drift[]): string {
  return formatTable(
    ['what', 'configured', 'running'],
    drift.map(({ key, configured, running }) => [key, configured ?? '-', running ?? '-']),
  );
}
