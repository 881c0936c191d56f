import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Step, StepKind } from '../operations/model.ts';
import { stateError } from '../state/atomic.ts';
import { type Paths, repositoryRunsDir, runDir } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import type { RunRecord, RunRef } from './model.ts';
import { removeOpenRun, writeOpenRun } from './open-runs.ts';
import { claimRepositoryName } from './repositories.ts';
import { writeEndRequest } from './requests.ts';
import { makeReserve } from './reserve.ts';
import { readRunIfAny, writeRun } from './store.ts';

interface RunStep extends Step {
  readonly repository: string;
  readonly run: string;
}

/** A record that is being made: no run yet. */
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

export const steps: readonly StepKind[] = [write, discard, supersede];
