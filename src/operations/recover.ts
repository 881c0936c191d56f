import { SlipwayError } from '../errors.ts';
import { bootId, isSameProcessAlive } from '../state/process-identity.ts';
import { journalDir } from '../state/paths.ts';
import { describeError, takeLocks } from './change.ts';
import { dropEmptyOperation, JournalWriter, openOperations, type OperationOutcome, type OperationRecord, readOpenOperation } from './journal.ts';
import type { App, Plan, Step, Verb } from './model.ts';
import { directionOf, runOtherwise, runSteps, stepContext } from './run-steps.ts';

export interface Recovered {
  readonly operation: string;
  readonly summary: string;
  readonly outcome: OperationOutcome;
  readonly error?: { readonly code: string; readonly message: string };
  /** Steps that cannot be repeated and whose result is unknown, in words. */
  readonly unknown: readonly string[];
}

/**
 * Settles every operation whose process is gone: goes back where its commit had not happened, else plans again from what
 * is true now and goes on. Operations at work are left alone. An engine that does not answer leaves the operation open.
 */
export async function recoverOperations(app: App): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = [];
  for (const operation of await openOperations(journalDir(app.paths))) {
    const one = await recoverOperation(app, operation);
    if (one) recovered.push(one);
  }
  return recovered;
}

async function recoverOperation(app: App, operation: string): Promise<Recovered | undefined> {
  const seen = await readOpenOperation(journalDir(app.paths), operation);
  const locks = await takeLocks(app, seen?.begin.locks ?? [`operation/${operation}`], operation, `recovery of ${operation}`, 0).catch((error) => {
    if (error instanceof SlipwayError && error.code === 'E_BUSY') return undefined;
    throw error;
  });
  if (locks === undefined) return undefined;
  try {
    const record = await readOpenOperation(journalDir(app.paths), operation);
    if (record === undefined) {
      if (seen === undefined) await dropEmpty(app, operation);
      return undefined;
    }
    return await settle(app, record);
  } finally {
    for (const lock of locks.reverse()) await lock.release();
  }
}

/** A journal without a whole first line: its writer died before anything was done, or is writing that line this very moment. */
async function dropEmpty(app: App, operation: string): Promise<void> {
  await app.clock.sleep(50);
  if ((await readOpenOperation(journalDir(app.paths), operation)) === undefined) await dropEmptyOperation(journalDir(app.paths), operation);
}

async function settle(app: App, record: OperationRecord): Promise<Recovered | undefined> {
  const { operation, summary } = record.begin;
  const journal = await JournalWriter.resume(journalDir(app.paths), operation);
  if (record.end) {
    // Cut off between writing the end and moving the file: only the move is left.
    await journal.end(record.end);
    return undefined;
  }
  await endChildren(app, record);
  const unknown = await unknownSteps(app, record);
  const finish = async (outcome: OperationOutcome, error?: { code: string; message: string }): Promise<Recovered> => {
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
    const direction = await directionOf(stepContext(app, operation, journal), record);
    if (direction === 'finished') return await finish('completed');
    if (direction === 'back' && !record.forward) {
      await runOtherwise(app, operation, record.plan, journal);
      return await finish('undone');
    }
    const verb = await app.registry.verb(record.begin.verb);
    if (verb === undefined) return await finish('abandoned', { code: 'E_VERB_UNKNOWN', message: `This version of Slipway knows no verb ${record.begin.verb}.` });
    await goForward(app, record, verb, journal);
    return await finish('completed');
  } catch (error) {
    if (error instanceof SlipwayError && isLasting(error)) return await finish('abandoned', describeError(error));
    // The engine does not answer, the disk is full …: the next command tries again.
    await journal.close();
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

/** Children run in groups of their own; a build that goes on after its parent died would tag what nobody waits for. */
async function endChildren(app: App, record: OperationRecord): Promise<void> {
  for (const child of record.children) {
    if (child.bootId !== bootId() || !isSameProcessAlive(child)) continue;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      try {
        process.kill(-child.pid, signal);
      } catch {
        break;
      }
      for (let waited = 0; waited < 2_000 && isSameProcessAlive(child); waited += 50) await app.clock.sleep(50);
      if (!isSameProcessAlive(child)) break;
    }
  }
}

/** Errors that trying again cannot change: the operation is closed with what is true now. */
function isLasting(error: SlipwayError): boolean {
  return !['E_ENGINE_UNREACHABLE', 'E_ENGINE_TIMEOUT', 'E_ENGINE_PERMISSION', 'E_ENGINE_STOPPED', 'E_ENGINE_NONE', 'E_DISK_FULL', 'E_STATE_PERMISSION', 'E_STATE', 'E_BUSY', 'E_BAD_FILE'].includes(error.code);
}
