import { bootId, processStartTime } from '../state/process-identity.ts';
import type { App, Plan, Step, StepContext, StepKind } from './model.ts';
import type { JournalWriter } from './write-journal.ts';

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
  // Also after Ctrl-C: what was begun is put back.
  const context = stepContext({ ...app, signal: new AbortController().signal }, operation, journal);
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

export type Direction = 'back' | 'forward' | 'finished';

/** How far an operation's steps had come, as its journal tells. */
export interface Progress {
  readonly plan: Plan;
  readonly intended: ReadonlySet<number>;
  readonly done: ReadonlySet<number>;
}

/**
 * Where a crash or a failure leaves an operation: `back` where the plan can be undone and its commit did not happen, `finished`
 * where every step is done. A commit that was begun is asked whether it happened. A plan with `otherwise` and no commit is
 * committed by its last step.
 */
export async function directionOf(context: StepContext, { plan, intended, done }: Progress): Promise<Direction> {
  const commit = plan.steps.findIndex((step) => step.commit);
  const committed = commit >= 0 && (done.has(commit) || (intended.has(commit) && (await hasHappened(context, plan.steps[commit] as Step))));
  const left = plan.steps.filter((_, index) => !done.has(index) && !(index === commit && committed));
  if (left.length === 0) return 'finished';
  return plan.otherwise !== undefined && !committed ? 'back' : 'forward';
}

async function hasHappened(context: StepContext, step: Step): Promise<boolean> {
  const kind: StepKind = await context.app.registry.stepKind(step.do);
  return kind.isDone !== undefined && (await kind.isDone(context, step));
}
