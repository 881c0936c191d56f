import { join, resolve } from 'node:path';
import { generateProject } from '../../images/generate.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function generate(call: Call, project: string, options: { readonly out?: string | undefined }): Promise<void> {
  const changed = await change(call.app, generateProject, { project, out: options.out === undefined ? undefined : resolve(options.out) });
  if (await printPlan(call, changed)) return;
  const files = changed.plan.steps.map((step) => join(String(step.directory), String(step.layer), 'Dockerfile'));
  printResult(call, { id: project, directory: changed.before.directory, files }, files.join('\n'));
}
