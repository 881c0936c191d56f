import { join } from 'node:path';
import { readFileIfAny, writeFileAtomic } from '../state/atomic.ts';
import { type Paths, runDir } from '../state/paths.ts';
import type { RunRef } from './model.ts';

/** What somebody else asks of a run's driver, through a file of its record: to end. */
export interface EndRequest {
  readonly kind: 'cancelled' | 'superseded';
  readonly at: string;
  /** Who asked, in words: `slipway ci cancel`, `SIGINT`, the newer run. */
  readonly by: string;
  /** Asked again: jobs that always run are ended too. */
  readonly again?: true;
}

const requestFile = (paths: Paths, { repository, run }: RunRef) => join(runDir(paths, repository, run), 'end-request.json');

export async function readEndRequest(paths: Paths, ref: RunRef): Promise<EndRequest | undefined> {
  const text = await readFileIfAny(requestFile(paths, ref));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as EndRequest;
  } catch {
    // A file there is enough to know what is wanted.
    return { kind: 'cancelled', at: new Date().toISOString(), by: 'an unreadable request' };
  }
}

export async function writeEndRequest(paths: Paths, ref: RunRef, request: EndRequest): Promise<void> {
  await writeFileAtomic(requestFile(paths, ref), `${JSON.stringify(request)}\n`);
}
