import { resolve } from 'node:path';
import { importArchive, loadArchive, pullReference } from '../../images/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';

export async function importImage(call: Call, archive: string, name: string): Promise<void> {
  const changed = await change(call.app, importArchive, { archive: resolve(archive), name });
  if (await printPlan(call, changed)) return;
  const image = await (await call.app.engine()).images.inspect(name);
  printResult(call, { id: image?.id ?? null, name }, `Imported ${name}.`);
}

export async function loadImages(call: Call, archive: string): Promise<void> {
  const changed = await change(call.app, loadArchive, { archive: resolve(archive) });
  if (await printPlan(call, changed)) return;
  printResult(call, { archive: resolve(archive), loaded: true }, `Loaded ${archive}.`);
}

export async function pull(call: Call, reference: string): Promise<void> {
  const changed = await change(call.app, pullReference, { reference });
  if (await printPlan(call, changed)) return;
  const image = await (await call.app.engine()).images.inspect(reference);
  printResult(call, { id: image?.id ?? null, name: reference }, `Pulled ${reference}.`);
}
