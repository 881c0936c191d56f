import { SlipwayError } from '../errors.ts';
import { describeError } from './describe-error.ts';
import { journalDir } from '../state/paths.ts';
import type { JournalBegin, OperationRecord } from './journal.ts';
import { operationLock, releaseLocks, takeLocks } from './locks.ts';
import type { App, Changed, Json, Plan, Verb } from './model.ts';
import { openOperationsUnder, readOpenOperation } from './read-journal.ts';
import { directionOf, runOtherwise, runSteps, stepContext } from './run-steps.ts';
import { JournalWriter } from './write-journal.ts';

/** Sorts by time, in milliseconds: `20261121t035312-0c72c41d`, 199 ms after the second. The rest is chance. */
export function newOperationId(now: Date): string {
  const second = now.toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase();
  const fraction = now.getUTCMilliseconds().toString(16).padStart(3, '0');
  return `${second}-${fraction}${Math.random().toString(16).slice(2, 7).padEnd(5, '0')}`;
}

/**
 * The one way to change anything: observe → plan → apply, under the verb's locks from first to last.
 * With `--dry-run` it observes and plans without locks and journal, and changes nothing.
 */
export async function change<Wanted, State>(app: App, verb: Verb<Wanted, State>, wanted: Wanted): Promise<Changed<State>> {
  if (app.dryRun) {
    const before = await verb.observe(app, wanted);
    return { before, plan: verb.plan(before, wanted), operation: undefined };
  }
  const operation = newOperationId(app.clock.now());
  const resources = verb.locks(wanted);
  const locks = await takeLocks(app, [...resources, operationLock(operation)], operation, verb.describe(wanted), verb.lockTimeoutMs);
  try {
    await settleOnes(app, verb, resources);
    const before = await verb.observe(app, wanted);
    const plan = verb.plan(before, wanted);
    if (plan.steps.length === 0) return { before, plan, operation: undefined };
    const journal = await JournalWriter.begin(journalDir(app.paths), beginLine(app, verb, wanted, operation, plan));
    await applyPlan(app, operation, plan, journal);
    return { before, plan, operation };
  } finally {
    await releaseLocks(locks);
  }
}

/** The lock may have come from a holder that died a moment ago: what it left is settled before anything is built on it. */
async function settleOnes<Wanted, State>(app: App, verb: Verb<Wanted, State>, resources: readonly string[]): Promise<void> {
  const [cutOff] = await openOperationsUnder(journalDir(app.paths), resources);
  if (cutOff === undefined) return;
  if (verb.refusesCutOff) throw notSettled(cutOff);
  const { recoverUnder, recoveryLine } = await import('./recover.ts');
  for (const one of await recoverUnder(app, resources)) app.out.note(recoveryLine(one));
}

async function applyPlan(app: App, operation: string, plan: Plan, journal: JournalWriter): Promise<void> {
  try {
    await runSteps(app, operation, plan, journal);
  } catch (error) {
    await settleFailure(app, operation, plan, journal, error);
    throw error;
  }
  await journal.end({ type: 'end', at: app.clock.now().toISOString(), outcome: 'done' });
}

/** A step that failed before the commit: what was done is undone at once. If that fails too, the journal stays open for the next command. */
async function settleFailure(app: App, operation: string, plan: Plan, journal: JournalWriter, error: unknown): Promise<void> {
  try {
    const record = await readOpenOperation(journalDir(app.paths), operation);
    if (record && (await directionOf(stepContext(app, operation, journal), record)) === 'back') {
      await runOtherwise(app, operation, plan, journal);
    }
    await journal.end({ type: 'end', at: app.clock.now().toISOString(), outcome: 'failed', error: describeError(error) });
  } catch {
    // The engine is gone, the disk is full …: the operation stays open, and the next command settles it.
    await journal.close().catch(() => {});
  }
}

function notSettled({ begin }: OperationRecord): SlipwayError {
  return new SlipwayError('E_BUSY', `\`${begin.summary}\` was cut off and is not settled yet.`, { hint: 'The next command settles it.' });
}

function beginLine<Wanted, State>(app: App, verb: Verb<Wanted, State>, wanted: Wanted, operation: string, plan: Plan): JournalBegin {
  return {
    format: 1,
    type: 'begin',
    operation,
    verb: verb.name,
    summary: verb.describe(wanted),
    // A verb's wanted is plain data by contract: recovery reads it back from the journal.
    wanted: wanted as Json,
    locks: verb.locks(wanted),
    plan,
    at: app.clock.now().toISOString(),
    user: app.person.name,
    pid: process.pid,
    command: app.command,
  };
}
