import { join } from 'node:path';
import type { OperationRecord } from './journal.ts';
import type { App, StepKind, Verb } from './model.ts';
import { readJournal } from './read-journal.ts';

/** What the tests of this room run verbs with: its files are below `root`, and there is no engine. */
export function testAppAt(root: string, { kinds, verbs }: { readonly kinds: readonly StepKind[]; readonly verbs: readonly Verb[] }): App {
  const none = () => Promise.reject(new Error('there is no engine here'));
  return {
    paths: { config: join(root, 'config'), state: join(root, 'state'), cache: join(root, 'cache') },
    env: {},
    person: { name: 'ada', uid: 1000, gid: 1000, home: root },
    clock: { now: () => new Date(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    out: { progress: () => {}, note: () => {}, warn: () => {}, raw: () => {} },
    signal: new AbortController().signal,
    dryRun: false,
    command: 'test',
    installId: none,
    engine: none,
    engineAt: () => {
      throw new Error('there is no engine here');
    },
    registry: {
      stepKind: async (name) => kinds.find((kind) => kind.do === name) ?? Promise.reject(new Error(name)),
      verb: async (name) => verbs.find((verb) => verb.name === name),
    },
  };
}

/** Every operation that the app at `root` has a journal of, oldest first. */
export async function recordsAt(root: string): Promise<readonly OperationRecord[]> {
  const records: OperationRecord[] = [];
  for await (const record of readJournal(join(root, 'state', 'journal'))) records.push(record);
  return records;
}
