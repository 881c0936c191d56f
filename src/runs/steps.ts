import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Step, StepKind } from '../operations/model.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { hostCachesDir, type Paths, repositoryRunsDir, runDir } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { EventLog, readEvents } from './events.ts';
import { steps as executorSteps } from './executors/steps.ts';
import type { Outcome, RunRecord, RunRef } from './model.ts';
import { removeOpenRun, writeOpenRun } from './open-runs.ts';
import { claimRepositoryName } from './repositories.ts';
import { writeEndRequest } from './requests.ts';
import { makeReserve } from './reserve.ts';
import { readRunIfAny, writeOutcome, writeRun } from './store.ts';

interface RunStep extends Step {
  readonly repository: string;
  readonly run: string;
}

/** A record that is being made, or removed: no run. */
const draftDir = (paths: Paths, { repository, run }: RunRef) => join(repositoryRunsDir(paths, repository), `.${run}`);

const recordOf = (step: Step) => step.record as unknown as RunRecord;

/** Its place in the queue first: a record without one would be nobody's. */
const write: StepKind = {
  do: 'run.write',
  describe: (step) => `Write the record of run ${recordOf(step).id}`,
  async apply({ app: { paths } }, step) {
    const record = recordOf(step);
    const ref = { repository: record.repository, run: record.id };
    await claimRepositoryName(paths, String(step.home));
    const draft = draftDir(paths, ref);
    await writeRun(paths, record, draft);
    await makeReserve(draft);
    await writeOpenRun(paths, { ...ref, state: 'queued', ...(record.source.ref === undefined ? {} : { ref: record.source.ref }) });
    await rename(draft, runDir(paths, ref.repository, ref.run)).catch((cause: unknown) => {
      throw stateError('write', runDir(paths, ref.repository, ref.run), cause);
    });
  },
  async isDone({ app }, step) {
    const { repository, id } = recordOf(step);
    return (await readRunIfAny(app.paths, { repository, run: id })) !== undefined;
  },
};

const discard: StepKind = {
  do: 'run.discard',
  describe: (step) => `Remove what is left of run ${(step as RunStep).run}, which had not begun`,
  async apply({ app: { paths } }, step) {
    const ref = step as RunStep;
    await removeTree(draftDir(paths, ref));
    await removeOpenRun(paths, ref);
  },
};

const supersede: StepKind = {
  do: 'run.supersede',
  describe: (step) => `End queued run ${(step as RunStep).run}, whose place the new one takes`,
  async apply({ app }, step) {
    const { repository, run, by } = step as RunStep & { readonly by: string };
    await writeEndRequest(app.paths, { repository, run }, { kind: 'superseded', at: app.clock.now().toISOString(), by });
  },
};

/** The event follows the file: whoever sees it finds how the run ended. */
const endRecord: StepKind = {
  do: 'run.write-outcome',
  describe: (step) => `Record how run ${(step as RunStep).run} ended`,
  async apply({ app }, step) {
    const { repository, run } = step as RunStep;
    const ref = { repository, run };
    const outcome = step.outcome as unknown as Outcome;
    await writeOutcome(app.paths, ref, outcome);
    if ((await readEvents(app.paths, ref)).some(({ event }) => event === 'end')) return;
    const events = await EventLog.open(app.paths, ref, () => app.clock.now());
    try {
      events.write({ event: 'end', outcome });
    } finally {
      events.close();
    }
  },
};

const leave: StepKind = {
  do: 'run.leave',
  describe: (step) => `Leave what run ${(step as RunStep).run} had for later`,
  async apply({ app }, step) {
    const { repository, run, after } = step as RunStep & { readonly after: string };
    await writeOpenRun(app.paths, { repository, run, state: 'left', after });
  },
};

const close: StepKind = {
  do: 'run.close',
  describe: (step) => `Close run ${(step as RunStep).run}`,
  apply({ app }, step) {
    const { repository, run } = step as RunStep;
    return removeOpenRun(app.paths, { repository, run });
  },
};

const removeRecord: StepKind = {
  do: 'run.remove-record',
  describe: (step) => `Remove the record of run ${(step as RunStep).run}`,
  async apply({ app: { paths } }, step) {
    const { repository, run } = step as RunStep;
    const record = runDir(paths, repository, run);
    const removing = draftDir(paths, { repository, run });
    // A record is there as a whole or not at all.
    await rename(record, removing).catch((cause: unknown) => {
      if (!isMissing(cause)) throw stateError('remove', record, cause);
    });
    await removeTree(removing);
  },
};

const removeHostCache: StepKind = {
  do: 'run.remove-host-cache',
  describe: (step) => `Remove a cache of ${String(step.repository)} that was not used`,
  async apply({ app: { paths } }, step) {
    const { repository, name } = step as Step & { readonly repository: string; readonly name: string };
    if (!/^[0-9a-f]{16}$/.test(name)) throw new TypeError(`${name} is no cache`);
    await removeTree(join(hostCachesDir(paths, repository), name));
  },
};

export const steps: readonly StepKind[] = [write, discard, supersede, endRecord, leave, close, removeRecord, removeHostCache, ...executorSteps];
