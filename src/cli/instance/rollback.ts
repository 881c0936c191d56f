import { readInstance } from '../../instances/store.ts';
import { replaceVersion } from '../../instances/update/replace.ts';
import { rollbackTarget } from '../../instances/update/targets.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { sentence, toJson } from './update.ts';

export async function rollback(call: Call, instance: string, version: string | undefined): Promise<void> {
  const target = await rollbackTarget(call.app, await readInstance(call.app.paths, instance, call.app.person.home), version);
  const result = await replaceVersion(call.app, 'rollback', { instance, ...target });
  if (await printPlan(call, result.changed)) return;
  printResult(call, toJson(result), sentence(result));
}
