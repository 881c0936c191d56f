import type { Json, Plan, Step } from '../operations/model.ts';
import type { RunRecord } from './model.ts';
import { imageTag } from './executors/container-names.ts';
import { planRemoval, type RunResources } from './executors/container-removal.ts';
import type { EndRunObserved, EndRunWanted, NewRunObserved, NewRunWanted } from './observe.ts';

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

/** When what was left is tried again by whoever comes along. */
const againMs = 60_000;

/** `run.end`: what the run had goes, then its outcome is written, then it is off the list of unfinished ones. All of it can be repeated. */
export function planEnd(
  { record, outcome: known, open, resources, surplusImages, at }: EndRunObserved,
  { repository, run, outcome, leave }: EndRunWanted,
): Plan {
  const ref = { repository, run };
  const left = leave || resources === 'away';
  const removal = left || record === undefined ? [] : removalSteps(record, resources, surplusImages);
  const after = new Date(Date.parse(at) + againMs).toISOString();
  return {
    steps: [
      ...removal,
      ...(known === undefined ? [{ do: 'run.write-outcome', ...ref, outcome: json(outcome) }] : []),
      ...(left ? [{ do: 'run.leave', ...ref, after }] : open === undefined ? [] : [{ do: 'run.close', ...ref }]),
    ],
  };
}

function removalSteps(
  { repository, id: run, keep, engine }: RunRecord,
  resources: RunResources | undefined,
  surplus: EndRunObserved['surplusImages'],
): readonly Step[] {
  const ref = { repository, run };
  const ofEngine = resources === undefined ? [] : planRemoval(resources, { run: ref, keep, keepImage: true });
  // Root of a container may be needed to remove files, so that images go last.
  const files = { do: 'run.remove-files', ...ref, ...(engine === undefined ? {} : { engine: json(engine) }) };
  return [
    ...ofEngine,
    keep ? { ...files, part: 'channel' } : files,
    ...(engine === undefined || keep ? [] : surplus.map((one) => ({ do: 'run.remove-image', engine: json(engine), image: imageTag(one) }))),
  ];
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: object): Json {
  return value as unknown as Json;
}
