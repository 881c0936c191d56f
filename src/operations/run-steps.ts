import { bootId, processStartTime } from '../state/process-identity.ts';
import type { JournalWriter } from './journal.ts';
import type { App, Plan, Step, StepContext, StepKind } from './model.ts';

/** Carries out a plan's steps in order: intent to the journal, the step, done to the journal. */
export async function runSteps(app: App, operation: string, plan: Plan, journal: JournalWriter): Promise<void> {
  const context = stepContext(app, operation, journal);
  for (const [index, step] of plan.steps.entries()) {
    // A cancelled command stops between two steps; what is done stays recorded.
    app.signal.throwIfAborted();
    const kind = await app.registry.stepKind(step.do);
    await journal.write({ type: 'intent', step: index, at: app.clock.now().toISOString() });
    if (step.commit) await journal.sync();
    app.out.progress(kind.describe(step));
    await kind.apply(context, step);
    await journal.write({ type: 'done', step: index, at: app.clock.now().toISOString() });
  }
}

/** Undoes what came before the commit. Every step of it can be repeated, so it needs no journal of its own. */
export async function runOtherwise(app: App, operation: string, plan: Plan, journal: JournalWriter): Promise<void> {
  const context = stepContext(app, operation, journal);
  for (const step of plan.otherwise ?? []) {
    const kind = await app.registry.stepKind(step.do);
    app.out.progress(kind.describe(step));
    await kind.apply(context, step);
  }
}

export function stepContext(app: App, operation: string, journal: JournalWriter): StepContext {
  return {
    app,
    operation,
    child: (pid) =>
      journal.write({
        type: 'child',
        process: { pid, startTime: processStartTime(pid) ?? '', bootId: bootId() },
        at: app.clock.now().toISOString(),
      }),
  };
}

/** Whether a crash or failure now means going back: the plan can be undone and its commit did not happen. */
export async function mustGoBack(app: App, operation: string, plan: Plan, intended: ReadonlySet<number>, done: ReadonlySet<number>, journal: JournalWriter): Promise<boolean> {
  if (plan.otherwise === undefined) return false;
  const commit = plan.steps.findIndex((step) => step.commit);
  if (commit < 0) return done.size < plan.steps.length;
  if (done.has(commit)) return false;
  if (!intended.has(commit)) return true;
  const step: Step = plan.steps[commit] as Step;
  const kind: StepKind = await app.registry.stepKind(step.do);
  return kind.isDone === undefined || !(await kind.isDone(stepContext(app, operation, journal), step));
}
