import { SlipwayError } from '../../errors.ts';
import type { RunRef } from '../../runs/model.ts';
import { repositoryAt } from '../../runs/repository-at.ts';
import { findRun } from '../../runs/store.ts';
import type { Call } from '../call.ts';

/** The run that a person means by an id, its beginning, or `latest`: one of the repository that the command is given in, if there is one. */
export async function namedRun(call: Call, text: string): Promise<RunRef> {
  return findRun(call.app.paths, text, await repositoryHere(call));
}

/** `undefined`: the command was not given in a repository. */
export async function repositoryHere({ app }: Call): Promise<string | undefined> {
  try {
    return (await repositoryAt(app, process.cwd())).name;
  } catch (error) {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}
