import { instanceData } from '../../state/paths.ts';
import { readInstance } from '../../instances/store.ts';
import { deleteInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { confirmRemoval } from '../questions.ts';

export interface DeleteFlags {
  readonly force?: true | undefined;
  readonly keepData?: true | undefined;
}

export async function remove(call: Call, name: string, { force, keepData }: DeleteFlags): Promise<void> {
  const { app } = call;
  // What cannot be deleted is said before anybody is asked.
  if (!force) await readInstance(app.paths, name, app.person.home);
  const what = keepData ? 'Its data stays.' : 'Its data goes with it.';
  await confirmRemoval(call, force, `Remove instance ${name}? ${what}`, '--force');
  const changed = await change(app, deleteInstance, { instance: name, keepData: keepData ?? false });
  if (await printPlan(call, changed)) return;
  const data = keepData ? instanceData(app.paths, name) : null;
  printResult(call, { id: name, deleted: true, data }, keepData ? `Instance ${name} is deleted; its data is in ${data}.` : `Instance ${name} is deleted.`);
}
