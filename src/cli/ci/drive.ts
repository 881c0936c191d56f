import { driveRun } from '../../runs/driver/drive.ts';
import type { Call } from '../call.ts';

/** The body of the process that `ci run` starts. */
export async function drive({ app }: Call, repository: string, run: string): Promise<void> {
  await driveRun(app, { repository, run });
}
