import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { saveReferences } from '../../images/save.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { formatBytes } from './format.ts';

export async function save(call: Call, names: readonly string[], options: { readonly output: string }): Promise<void> {
  const file = resolve(options.output);
  const changed = await change(call.app, saveReferences, { references: names, file });
  if (await printPlan(call, changed)) return;
  const { size } = await stat(file);
  printResult(call, { file, size_bytes: size, images: names }, `Saved ${names.join(', ')} to ${options.output} (${formatBytes(size)}).`);
}
