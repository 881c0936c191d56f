import { recoverOperations, recoveryLine } from '../operations/recover.ts';
import type { App } from '../operations/model.ts';

/** Settles operations that were cut off and says, a line each, what became of them. */
export async function reportRecovery(app: App): Promise<void> {
  for (const one of await recoverOperations(app)) {
    if (one.outcome === 'open') app.out.warn(recoveryLine(one));
    else app.out.note(recoveryLine(one));
    for (const step of one.unknown) app.out.warn(`nobody can tell whether this was done: ${step}`);
  }
}
