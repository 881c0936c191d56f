import type { Json, Plan } from '../operations/model.ts';
import type { RunRecord } from './model.ts';
import type { NewRunObserved, NewRunWanted } from './observe.ts';

/** `run.new`: the record, in the queue. Those that it takes the place of are asked to end once it is there. */
export function planNew({ repository, createdAt, superseded }: NewRunObserved, wanted: NewRunWanted): Plan {
  const { run, home, ...rest } = wanted;
  const record: RunRecord = { id: run, repository, createdAt, ...rest };
  return {
    steps: [
      { do: 'run.write', home, record: json(record), commit: true },
      ...superseded.map((one) => ({ do: 'run.supersede', repository: one.repository, run: one.run, by: run })),
    ],
    otherwise: [{ do: 'run.discard', repository, run }],
  };
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: object): Json {
  return value as unknown as Json;
}
