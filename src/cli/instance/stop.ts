import { instanceContainer } from '../../instances/model.ts';
import type { InstanceObserved } from '../../instances/observe.ts';
import { readSupervision } from '../../instances/supervision/file.ts';
import { stopInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function stop(call: Call, name: string, { timeout }: { readonly timeout?: number | undefined }): Promise<void> {
  const changed = await change(call.app, stopInstance, { instance: name, ...(timeout === undefined ? {} : { timeoutSeconds: timeout }) });
  if (await printPlan(call, changed)) return;
  const { before } = changed;
  const ran = before.container?.state === 'running' || before.program !== undefined;
  const killed = ran && (await wasKilled(call, before));
  const seconds = timeout ?? before.config.stopTimeoutSeconds;
  const text = !ran
    ? `Instance ${name} was not running.`
    : killed
      ? `Instance ${name} did not end within ${seconds} s of TERM, and was killed.`
      : `Instance ${name} is stopped.`;
  printResult(call, { id: name, state: 'stopped', killed, changed: changed.operation !== undefined }, text);
}

/** 137 is 128 + KILL: an engine tells it so where it had to. */
async function wasKilled({ app }: Call, { config, container, program }: InstanceObserved): Promise<boolean> {
  if (config.kind === 'process') {
    const { at = '', killed = false } = (await readSupervision(app.paths, config.name))?.lastExit ?? {};
    return killed && at >= (program?.startedAt ?? '');
  }
  const after = await app.engineAt(config.engine).containers.inspect(instanceContainer(config.name));
  return after !== undefined && after.id === container?.id && after.exitCode === 137 && !after.oomKilled;
}
