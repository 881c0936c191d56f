import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sayInto } from '../../host/own-output.ts';
import { driveRun } from '../../runs/driver/drive.ts';
import type { RunRef } from '../../runs/model.ts';
import { checkIdentifier, checkRunId } from '../../state/identifiers.ts';
import { runDir } from '../../state/paths.ts';
import type { Call } from '../call.ts';

/** The body of the process that `ci run` starts: its run stands on stdin, once there is one. */
export async function drive({ app }: Call): Promise<void> {
  const told = await text(process.stdin);
  if (told === '') return;
  const { repository, run } = JSON.parse(told) as RunRef;
  const ref = { repository: checkIdentifier('repository', repository), run: checkRunId(run) };
  sayInto(join(runDir(app.paths, ref.repository, ref.run), 'driver.log'));
  await driveRun(app, ref);
}
