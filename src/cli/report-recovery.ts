import { type Recovered, recoverOperations } from '../operations/recover.ts';
import type { App } from '../operations/model.ts';

/** Settles operations that were cut off and says, a line each, what became of them. */
export async function reportRecovery(app: App): Promise<void> {
  for (const one of await recoverOperations(app)) {
    app.out.note(`recovered: ${lineOf(one)}`);
    for (const step of one.unknown) app.out.warn(`nobody can tell whether this was done: ${step}`);
  }
}

function lineOf({ summary, outcome, error }: Recovered): string {
  switch (outcome) {
    case 'completed':
      return `\`${summary}\` had been cut off and was completed.`;
    case 'undone':
      return `\`${summary}\` had been cut off and was undone.`;
    default:
      return `\`${summary}\` had been cut off and was closed as it is${error ? `: ${error.message}` : '.'}`;
  }
}
