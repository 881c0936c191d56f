import { type ExitCode, SlipwayError, usageError } from '../../errors.ts';
import { readInstance } from '../../instances/store.ts';
import type { Replaced } from '../../instances/update/model.ts';
import { replaceVersion } from '../../instances/update/replace.ts';
import { type UpdateFlags, updateTarget } from '../../instances/update/targets.ts';
import { type UpdatedOne, updateAll } from '../../instances/update/update-all.ts';
import { type Call, formatTable, printPlan, printResult } from '../call.ts';

export interface UpdateOptions extends UpdateFlags {
  readonly all?: true | undefined;
}

export async function update(call: Call, instance: string | undefined, options: UpdateOptions): Promise<ExitCode | void> {
  if ((instance === undefined) === (options.all === undefined))
    throw usageError('Name an instance, or give --all.', '`slipway instance status` shows the instances.');
  if (instance === undefined) return everyOne(call, options);
  const target = await updateTarget(call.app, await readInstance(call.app.paths, instance, call.app.person.home), options);
  const result = await replaceVersion(call.app, 'update', { instance, ...target });
  if (await printPlan(call, result.changed)) return;
  printResult(call, toJson(result), sentence(result));
}

export function sentence({ instance, outcome, version, from, running }: Replaced): string {
  if (outcome === 'unchanged') return running ? `${instance} runs ${version} already.` : `${instance} has ${version} already; it is stopped.`;
  const done = outcome === 'rolled-back' ? `${instance} was rolled back from ${from} to ${version}` : `${instance} was updated from ${from} to ${version}`;
  return running ? `${done}.` : `${done}; it is stopped.`;
}

export function toJson({ instance, outcome, version, from, digest, running }: Replaced) {
  return { id: instance, outcome, version, from, digest: digest ?? null, running };
}

async function everyOne(call: Call, options: UpdateOptions): Promise<ExitCode | void> {
  const done = await updateAll(call.app, options, (one) => {
    if (!call.json) call.app.out.note('error' in one ? `${one.instance}: ${one.error.message} [${one.error.code}]` : lineOf(one.result));
  });
  if (done.length === 0) return printResult(call, [], 'There are no instances.');
  printResult(call, done.map(rowToJson), formatTable(['instance', 'version', 'result'], done.map(rowOf)));
  const failed = done.filter((one) => 'error' in one);
  if (failed.length === 0) return;
  throw new SlipwayError('E_UPDATE_SOME', `${failed.length} of ${done.length} instances were not updated: ${failed.map((one) => one.instance).join(', ')}.`, {
    hint: 'What became of each is above; `slipway instance history NAME` keeps the reasons.',
  });
}

const lineOf = (result: Replaced) => (result.outcome === 'planned' ? `${result.instance}: ${result.from} → ${result.version}` : sentence(result));

function rowOf(one: UpdatedOne): readonly string[] {
  return 'error' in one ? [one.instance, '', `${one.error.code}: ${one.error.message}`] : [one.instance, one.result.version, one.result.outcome];
}

function rowToJson(one: UpdatedOne) {
  if (!('error' in one)) return toJson(one.result);
  const { code, message, hint } = one.error;
  return { id: one.instance, outcome: 'failed', error: { code, message, hint: hint ?? null } };
}
