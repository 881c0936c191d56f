import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SlipwayError } from '../errors.ts';
import { isRunId } from '../state/identifiers.ts';
import { locksDir } from '../state/paths.ts';
import { change, newOperationId } from './change.ts';
import type { OperationRecord } from './journal.ts';
import type { App, Plan, Step, StepKind, Verb } from './model.ts';
import { operationLock, recoveryVerb, releaseLocks, takeLocks } from './locks.ts';
import { openOperations } from './read-journal.ts';
import { recoverOperations } from './recover.ts';
import { recordsAt, testAppAt } from './test-app.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-operations-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A crash: the process is gone, nothing after it runs. The lock stays behind with a dead holder. */
class Crash extends Error {}

type Fault = { readonly step: string; readonly when: 'before' | 'after' } | undefined;
let fault = undefined as Fault;
let ran: string[];

const touch: StepKind = {
  do: 'test.touch',
  describe: (step) => `Touch ${String(step.file)}`,
  async apply(_context, step) {
    if (fault?.step === step.file && fault?.when === 'before') throw new Crash();
    ran.push(String(step.file));
    writeFileSync(join(root, String(step.file)), '');
    if (fault?.step === step.file && fault?.when === 'after') throw new Crash();
  },
  isDone: async (_context, step) => existsSync(join(root, String(step.file))),
};
const once: StepKind = { ...touch, do: 'test.once', once: true };
const untouch: StepKind = {
  do: 'test.untouch',
  describe: (step) => `Remove ${String(step.file)}`,
  apply: async (_context, step) => rmSync(join(root, String(step.file)), { force: true }),
};
const refuse: StepKind = {
  do: 'test.refuse',
  describe: () => 'Fail',
  apply: () => Promise.reject(new SlipwayError('E_TEST', 'No.')),
};

const records = () => recordsAt(root);
const has = (file: string) => existsSync(join(root, file));
const touchStep = (file: string, commit?: true): Step => ({ do: 'test.touch', file, ...(commit ? { commit } : {}) });

/** Wants files a, b and c; plans only what is missing. */
const forward: Verb<{ readonly kind?: string }, readonly string[]> = {
  name: 'test.forward',
  locks: () => ['test/one'],
  observe: async () => ['a', 'b', 'c'].filter((file) => !has(file)),
  plan: (missing, { kind }): Plan => ({ steps: missing.map((file) => ({ do: kind ?? 'test.touch', file })) }),
  describe: () => 'forward',
};
/** a is temporary until b commits; then c. */
const withCommit: Verb<null, readonly string[]> = {
  name: 'test.commit',
  locks: () => ['test/one'],
  observe: async () => ['a', 'b', 'c'].filter((file) => !has(file)),
  plan: (missing): Plan => ({ steps: missing.map((file) => touchStep(file, file === 'b' ? true : undefined)), otherwise: [{ do: 'test.untouch', file: 'a' }] }),
  describe: () => 'commit',
};
const failing: Verb<null, null> = {
  name: 'test.failing',
  locks: () => ['test/one'],
  observe: async () => null,
  plan: () => ({ steps: [touchStep('a'), { do: 'test.refuse' }, touchStep('b', true)], otherwise: [{ do: 'test.untouch', file: 'a' }] }),
  describe: () => 'failing',
};

function testApp(overrides: Partial<App> = {}): App {
  const kinds = [touch, once, untouch, refuse];
  const verbs = [forward, withCommit, failing] as readonly unknown[] as readonly Verb[];
  return { ...testAppAt(root, { kinds, verbs }), ...overrides };
}

/** Runs a verb up to a crash: what a dead process leaves is the open journal and a lock whose holder is gone. */
async function crash<W, S>(verb: Verb<W, S>, wanted: W, at: Fault): Promise<void> {
  fault = at;
  ran = [];
  const journal = join(root, 'state', 'journal');
  const app = testApp();
  await expect(change(app, verb, wanted)).rejects.toThrow(Crash);
  fault = undefined;
  // change() settled the "failure": put back what a kill -9 leaves, the journal as it was before its end was written.
  const month = readdirSync(journal).find((name) => name.endsWith('.jsonl'));
  if (month === undefined) return;
  const record = (await records()).at(-1) as OperationRecord;
  const lines = [
    record.begin,
    ...[...record.intended].flatMap((step) => [{ type: 'intent', step, at: 'x' }, ...(record.done.has(step) ? [{ type: 'done', step, at: 'x' }] : [])]),
  ];
  mkdirSync(join(journal, 'open'), { recursive: true });
  writeFileSync(join(journal, 'open', `${record.begin.operation}.jsonl`), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  unlinkSync(join(journal, month));
}

beforeEach(() => {
  fault = undefined;
  ran = [];
});

describe('change', () => {
  it('does the steps in order and files the operation as done', async () => {
    const changed = await change(testApp(), forward, {});
    expect(ran).toEqual(['a', 'b', 'c']);
    const all = await records();
    expect(all).toHaveLength(1);
    expect(all[0]?.end?.outcome).toBe('done');
    expect(all[0]?.begin.operation).toBe(changed.operation);
    expect(await openOperations(join(root, 'state', 'journal'))).toEqual([]);
  });

  it('writes no journal where there is nothing to do', async () => {
    for (const file of ['a', 'b', 'c']) writeFileSync(join(root, file), '');
    expect((await change(testApp(), forward, {})).operation).toBeUndefined();
    expect(existsSync(join(root, 'state', 'journal'))).toBe(false);
  });

  it('changes nothing with dryRun, not even a lock', async () => {
    const changed = await change(testApp({ dryRun: true }), forward, {});
    expect(changed.plan.steps).toHaveLength(3);
    expect(readdirSync(root)).toEqual([]);
  });

  it('undoes what came before the commit when a step fails, and records the error', async () => {
    await expect(change(testApp(), failing, null)).rejects.toThrow('No.');
    expect(has('a')).toBe(false);
    const [record] = await records();
    expect(record?.end).toMatchObject({ outcome: 'failed', error: { code: 'E_TEST', message: 'No.' } });
  });

  it('frees its lock also after a failure', async () => {
    await expect(change(testApp(), failing, null)).rejects.toThrow();
    expect(readdirSync(join(locksDir(testApp().paths), 'test'))).toEqual([]);
  });
});

describe('recovery', () => {
  it('goes forward from what is true now, without doing again what was done', async () => {
    await crash(forward, {}, { step: 'b', when: 'before' });
    ran = [];
    const recovered = await recoverOperations(testApp());
    expect(recovered).toMatchObject([{ summary: 'forward', outcome: 'completed' }]);
    expect(ran).toEqual(['b', 'c']);
    expect(await openOperations(join(root, 'state', 'journal'))).toEqual([]);
  });

  it.each([
    { at: { step: 'a', when: 'after' } as const, outcome: 'undone', files: [] },
    { at: { step: 'b', when: 'before' } as const, outcome: 'undone', files: [] },
    { at: { step: 'b', when: 'after' } as const, outcome: 'completed', files: ['a', 'b', 'c'] },
    { at: { step: 'c', when: 'before' } as const, outcome: 'completed', files: ['a', 'b', 'c'] },
  ])('around a commit, cut off $at.when $at.step: $outcome', async ({ at, outcome, files }) => {
    await crash(withCommit, null, at);
    for (const file of ['a', 'b']) if (at.when === 'after' || file < at.step) writeFileSync(join(root, file), '');
    if (at.step === 'a' || (at.step === 'b' && at.when === 'before')) rmSync(join(root, 'b'), { force: true });
    expect(await recoverOperations(testApp())).toMatchObject([{ outcome }]);
    expect(['a', 'b', 'c'].filter(has)).toEqual(files);
  });

  it('plans nothing anew where the commit was the last step and had happened', async () => {
    const made: Verb<null, null> = {
      ...withCommit,
      name: 'test.made',
      observe: async () => null,
      plan: () => ({ steps: [touchStep('a'), touchStep('b', true)], otherwise: [] }),
    } as never;
    await crash(made, null, { step: 'b', when: 'after' });
    const app = testApp();
    const verb = { ...made, plan: () => ({ steps: [touchStep('another')] }) } as unknown as Verb;
    expect(await recoverOperations({ ...app, registry: { ...app.registry, verb: async () => verb } })).toMatchObject([{ outcome: 'completed' }]);
    expect(has('another')).toBe(false);
  });

  it('does not run again a step that cannot be repeated, and reports it', async () => {
    await crash(forward, { kind: 'test.once' }, { step: 'b', when: 'before' });
    ran = [];
    const [one] = await recoverOperations(testApp());
    expect(one).toMatchObject({ outcome: 'completed', unknown: ['Touch b'] });
    expect(ran).toEqual(['c']);
  });

  it('leaves an operation at work alone', async () => {
    let free = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const slow: StepKind = { ...touch, apply: async () => gate };
    const app = testApp();
    const busy = change({ ...app, registry: { ...app.registry, stepKind: async () => slow } }, forward, {});
    while ((await openOperations(join(root, 'state', 'journal'))).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await recoverOperations(testApp())).toEqual([]);
    free();
    await busy;
  });

  it('leaves the operation open where the engine does not answer, for the next command', async () => {
    await crash(forward, {}, { step: 'b', when: 'before' });
    const down: StepKind = { ...touch, apply: () => Promise.reject(new SlipwayError('E_ENGINE_UNREACHABLE', 'Nobody there.')) };
    const app = testApp();
    const lame = { ...app, registry: { ...app.registry, stepKind: async () => down } };
    expect(await recoverOperations(lame)).toMatchObject([{ summary: 'forward', outcome: 'open', error: { code: 'E_ENGINE_UNREACHABLE' } }]);
    // What stands on the same resource is not begun on half of something; the rest is.
    await expect(change(lame, forward, {})).rejects.toThrow('Nobody there.');
    expect(await openOperations(join(root, 'state', 'journal'))).toHaveLength(1);
    expect(await recoverOperations(testApp())).toMatchObject([{ outcome: 'completed' }]);
  });

  it('settles what a holder that died left, before another verb of the same resource looks', async () => {
    await crash(withCommit, null, { step: 'a', when: 'after' });
    const notes: string[] = [];
    const app = testApp();
    await change({ ...app, out: { ...app.out, note: (text) => notes.push(text) } }, forward, {});
    expect(notes).toEqual(['recovered: `commit` had been cut off and was undone.']);
    expect(ran).toEqual(['a', 'a', 'b', 'c']);
    expect((await records()).map(({ end }) => end?.outcome)).toEqual(['undone', 'done']);
  });

  it('refuses a verb that settles nothing, and leaves what was cut off for the next command', async () => {
    await crash(withCommit, null, { step: 'a', when: 'after' });
    await expect(change(testApp(), { ...forward, refusesCutOff: true }, {})).rejects.toMatchObject({
      code: 'E_BUSY',
      message: expect.stringContaining('`commit`') as string,
    });
    expect(ran).toEqual(['a']);
    expect(await recoverOperations(testApp())).toMatchObject([{ outcome: 'undone' }]);
  });

  it('leaves an operation at work alone that has no resource of its own', async () => {
    let free = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const slow: StepKind = { ...touch, apply: async () => gate };
    const app = testApp();
    const busy = change({ ...app, registry: { ...app.registry, stepKind: async () => slow } }, { ...forward, locks: () => [] }, {});
    while ((await openOperations(join(root, 'state', 'journal'))).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await recoverOperations(testApp())).toEqual([]);
    free();
    await busy;
    expect((await records()).map(({ end }) => end?.outcome)).toEqual(['done']);
  });

  it('waits for another that recovers an operation, and settles what that one leaves', async () => {
    await crash(forward, {}, { step: 'b', when: 'before' });
    const [operation = ''] = await openOperations(join(root, 'state', 'journal'));
    const other = await takeLocks(testApp(), [operationLock(operation)], operation, recoveryVerb('forward'));
    const told: string[] = [];
    const app = testApp();
    const recovering = recoverOperations({ ...app, out: { ...app.out, progress: (text) => told.push(text) } });
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await releaseLocks(other);
    expect(await recovering).toMatchObject([{ outcome: 'completed' }]);
    expect(told[0]).toBe(`Waiting for \`recovery of forward\` (process ${process.pid})`);
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('writes its end on a line of its own where a crash or a full disk cut the last one off', async () => {
    await crash(forward, {}, { step: 'b', when: 'before' });
    const [operation] = await openOperations(join(root, 'state', 'journal'));
    appendFileSync(join(root, 'state', 'journal', 'open', `${operation}.jsonl`), '{"type":"don');
    expect(await recoverOperations(testApp())).toMatchObject([{ outcome: 'completed' }]);
    const months = readdirSync(join(root, 'state', 'journal')).filter((name) => name.endsWith('.jsonl'));
    appendFileSync(join(root, 'state', 'journal', months[0] ?? ''), '{"format":1,"type":"beg');
    rmSync(join(root, 'a'));
    await change(testApp(), forward, {});
    expect((await records()).map(({ end }) => end?.outcome)).toEqual(['completed', 'done']);
  });

  it('leaves no lock behind of a process that died before its journal began', async () => {
    await crash(forward, {}, { step: 'b', when: 'before' });
    const locks = join(root, 'state', 'locks', 'operation');
    writeFileSync(
      join(locks, 'x.lock'),
      JSON.stringify({ pid: 1, startTime: 'never', bootId: 'another', pidNamespace: '', token: 't', operation: 'x', verb: 'x', since: '' }),
    );
    await recoverOperations(testApp());
    expect(readdirSync(locks)).toEqual([]);
  });

  it('drops a journal whose first line was never whole: nothing had been done', async () => {
    mkdirSync(join(root, 'state', 'journal', 'open'), { recursive: true });
    writeFileSync(join(root, 'state', 'journal', 'open', 'x.jsonl'), '{"format":1,"type":"beg');
    expect(await recoverOperations(testApp())).toEqual([]);
    expect(await openOperations(join(root, 'state', 'journal'))).toEqual([]);
  });
});

describe('operation ids', () => {
  it('sort by time, within a second too, and differ within a millisecond', () => {
    const ids = [0, 7, 90, 999, 1000].map((ms) => newOperationId(new Date(Date.UTC(2026, 0, 1) + ms)));
    expect([...ids].reverse().sort()).toEqual(ids);
    for (const id of ids) expect(isRunId(id)).toBe(true);
    const now = new Date();
    expect(new Set(Array.from({ length: 50 }, () => newOperationId(now))).size).toBe(50);
  });
});
