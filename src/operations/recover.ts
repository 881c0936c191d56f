import { SlipwayError } from '../errors.ts';
import { journalDir, locksDir } from '../state/paths.ts';
import { type Lock, lockHolder, staleLocks } from '../state/lock.ts';
import { describeError } from './describe-error.ts';
import { endChild } from './end-child.ts';
import type { OperationOutcome, OperationRecord } from './journal.ts';
import { isLasting } from './lasting-error.ts';
import { isRecovery, operationLock, recoveryVerb, releaseLocks, takeLocks } from './locks.ts';
import type { App, Plan, Step, Verb } from './model.ts';
import { openOperations, openOperationsUnder, readOpenOperation } from './read-journal.ts';
import { directionOf, runOtherwise, runSteps, stepContext } from './run-steps.ts';
import { dropEmptyOperation, JournalWriter } from './write-journal.ts';

export interface Recovered {
  readonly operation: string;
  readonly summary: string;
  /** `open`: it could not be settled now (`error` says why), and the next command tries again. */
  readonly outcome: OperationOutcome | 'open';
  readonly error?: { readonly code: string; readonly message: string };
  /** Steps that cannot be repeated and whose result is unknown, in words. */
  readonly unknown: readonly string[];
}

/**
 * Settles every operation whose process is gone: goes back where its commit had not happened, else plans again from what
 * is true now and goes on. Operations at work are left alone. What cannot be settled now (an engine that does not answer, a full
 * disk) stays open and keeps nobody from the rest.
 */
export async function recoverOperations(app: App): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = [];
  for (const operation of await openOperations(journalDir(app.paths))) {
    try {
      const one = await recoverOperation(app, operation, []);
      if (one) recovered.push(one);
    } catch (error) {
      if (app.signal.aborted) throw error;
      const summary = (await readOpenOperation(journalDir(app.paths), operation).catch(() => undefined))?.begin.summary ?? operation;
      recovered.push({ operation, summary, outcome: 'open', error: describeError(error), unknown: [] });
    }
  }
  await sweepOperationLocks(app);
  return recovered;
}

/**
 * Settles what was cut off on resources whose locks the caller holds. Throws where that cannot be done now: nothing may be
 * built on a state that is half of something.
 */
export async function recoverUnder(app: App, held: readonly string[]): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = [];
  for (const { begin } of await openOperationsUnder(journalDir(app.paths), held)) {
    const one = await recoverOperation(app, begin.operation, held);
    if (one) recovered.push(one);
  }
  return recovered;
}

/** One line for a person. */
export function recoveryLine({ summary, outcome, error }: Recovered): string {
  switch (outcome) {
    case 'completed':
      return `recovered: \`${summary}\` had been cut off and was completed.`;
    case 'undone':
      return `recovered: \`${summary}\` had been cut off and was undone.`;
    case 'open':
      return `\`${summary}\` was cut off and cannot be settled yet; the next command tries again${error ? `: ${error.message}` : '.'}`;
    default:
      return `recovered: \`${summary}\` had been cut off and was closed as it is${error ? `: ${error.message}` : '.'}`;
  }
}

/** For another that recovers it: it may end it, find that our locks are taken, or be ended by what it does, as a supervisor that stops its unit. */
const patienceMs = 5_000;

async function recoverOperation(app: App, operation: string, held: readonly string[]): Promise<Recovered | undefined> {
  const found = await readOpenOperation(journalDir(app.paths), operation);
  const locker = { app, operation, verb: recoveryVerb(found?.begin.summary ?? operation) };
  const own = await tryLocks(locker, [operationLock(operation)], held.length > 0 || (await isBeingRecovered(app, operation)) ? patienceMs : 0);
  // At work, or still being recovered by somebody else.
  if (own === undefined) return undefined;
  try {
    const record = await readOpenOperation(journalDir(app.paths), operation);
    if (record === undefined) {
      // Its writer holds the lock from before the file is there: it died before its first line was whole, and had done nothing.
      await dropEmptyOperation(journalDir(app.paths), operation);
      return undefined;
    }
    const others = record.begin.locks.filter((name) => !held.includes(name) && name !== operationLock(operation));
    const locks = await tryLocks(locker, others, 0);
    if (locks === undefined) return undefined;
    try {
      return await settle(app, record);
    } finally {
      await releaseLocks(locks);
    }
  } finally {
    await releaseLocks(own);
  }
}

async function isBeingRecovered(app: App, operation: string): Promise<boolean> {
  const holder = await lockHolder(locksDir(app.paths), operationLock(operation));
  return holder !== undefined && isRecovery(holder);
}

interface Locker {
  readonly app: App;
  readonly operation: string;
  readonly verb: string;
}

async function tryLocks({ app, operation, verb }: Locker, names: readonly string[], timeoutMs: number): Promise<readonly Lock[] | undefined> {
  try {
    return await takeLocks(app, names, operation, verb, timeoutMs);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_BUSY') return undefined;
    throw error;
  }
}

/** A process that was killed before its journal began leaves a lock that nobody will ever ask for again. */
async function sweepOperationLocks(app: App): Promise<void> {
  for (const name of await staleLocks(locksDir(app.paths), 'operation')) {
    await releaseLocks((await tryLocks({ app, operation: name, verb: recoveryVerb(name) }, [name], 0)) ?? []);
  }
}

async function settle(app: App, record: OperationRecord): Promise<Recovered | undefined> {
  const { operation, summary } = record.begin;
  const journal = await JournalWriter.resume(journalDir(app.paths), operation);
  if (record.end) {
    // Cut off between writing the end and moving the file: only the move is left.
    await journal.archive(record.end.at);
    return undefined;
  }
  const finish = async (outcome: OperationOutcome, error?: { code: string; message: string }): Promise<Recovered> => {
    const unknown = await unknownSteps(app, record).catch(() => []);
    await journal.end({
      type: 'end',
      at: app.clock.now().toISOString(),
      outcome,
      ...(error ? { error } : {}),
      ...(unknown.length > 0 ? { unknown: unknown.map(({ index }) => index) } : {}),
    });
    return { operation, summary, outcome, unknown: unknown.map(({ text }) => text), ...(error ? { error } : {}) };
  };
  try {
    for (const child of record.children) await endChild(app, child);
    const direction = await directionOf(stepContext(app, operation, journal), record);
    if (direction === 'finished') return await finish('completed');
    if (direction === 'back' && !record.forward) {
      await runOtherwise(app, operation, record.plan, journal);
      return await finish('undone');
    }
    const verb = await app.registry.verb(record.begin.verb);
    if (verb === undefined)
      return await finish('abandoned', { code: 'E_VERB_UNKNOWN', message: `This version of Slipway knows no verb ${record.begin.verb}.` });
    await goForward(app, record, verb, journal);
    return await finish('completed');
  } catch (error) {
    if (!app.signal.aborted && error instanceof SlipwayError && (await isLasting(app, record, error))) return await finish('abandoned', describeError(error));
    // The engine does not answer, the disk is full …: the next command tries again.
    await journal.close().catch(() => {});
    throw error;
  }
}

async function goForward(app: App, record: OperationRecord, verb: Verb, journal: JournalWriter): Promise<void> {
  const state = await verb.observe(app, record.begin.wanted);
  if (verb.reached?.(state, record.begin.wanted)) return;
  const plan = withoutRepeats(verb.plan(state, record.begin.wanted), record, await onceKinds(app, record.plan));
  await journal.write({ type: 'replan', plan, at: app.clock.now().toISOString() });
  await runSteps(app, record.begin.operation, plan, journal);
}

/** A step that cannot be repeated and was begun is left out of the new plan. */
function withoutRepeats(plan: Plan, record: OperationRecord, once: ReadonlySet<string>): Plan {
  const begun = new Set([...record.intended].map((index) => JSON.stringify(record.plan.steps[index])));
  return { ...plan, steps: plan.steps.filter((step) => !once.has(step.do) || !begun.has(JSON.stringify(step))) };
}

async function onceKinds(app: App, plan: Plan): Promise<ReadonlySet<string>> {
  const kinds = await Promise.all([...new Set(plan.steps.map((step) => step.do))].map((name) => app.registry.stepKind(name)));
  return new Set(kinds.filter((kind) => kind.once).map((kind) => kind.do));
}

async function unknownSteps(app: App, record: OperationRecord): Promise<readonly { index: number; text: string }[]> {
  const begun = [...record.intended].filter((index) => !record.done.has(index));
  const found: { index: number; text: string }[] = [];
  for (const index of begun) {
    const step: Step | undefined = record.plan.steps[index];
    const kind = step && (await app.registry.stepKind(step.do));
    if (step && kind?.once) found.push({ index, text: kind.describe(step) });
  }
  return found;
}
