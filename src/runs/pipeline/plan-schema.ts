import * as v from 'valibot';
import type { PipelinePlan } from '../model.ts';

/** The plan as JSON Schema tells it to other programs: what `slipway ci plan --json` prints and `plan.json` of a run holds. */

const described = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text));

const text = v.string();
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1));
const variables = v.record(text, text);
const command = described(v.union([text, v.array(text)]), 'A text is the line of `sh -c`; a list is a program and its arguments, which no shell reads.');

const step = v.object({
  name: described(text, "What people see: the name given, else the command's first line."),
  command,
  env: variables,
  cwd: v.exactOptional(described(text, "Relative to the workspace. Missing: the job's.")),
  timeoutSeconds: v.exactOptional(seconds),
});

const service = v.object({
  name: described(text, 'Its host name. One name means one definition in the whole plan.'),
  image: text,
  command: v.exactOptional(v.array(text)),
  env: variables,
  health: v.exactOptional(
    described(
      v.object({ command, intervalSeconds: seconds, timeoutSeconds: seconds }),
      "A command run inside it until it succeeds. Missing: the image's own HEALTHCHECK.",
    ),
  ),
});

const job = v.object({
  name: described(text, 'Unique. One of a matrix: `test (node=20, os=alpine)`.'),
  id: described(text, "Its folder in a run's record: the name made safe for a path, unique."),
  group: described(text, 'Its name in the file.'),
  matrix: v.exactOptional(described(variables, 'Its values, which steps get as `MATRIX_<KEY>`.')),
  needs: described(v.array(text), 'Names of jobs; a group stands as its jobs.'),
  always: described(v.boolean(), 'Runs also where a need failed or the run was cancelled.'),
  allowFailure: described(v.boolean(), 'A failure of it does not fail the run.'),
  retry: described(v.pipe(v.number(), v.integer(), v.minValue(0)), 'Further attempts after a failure.'),
  timeoutSeconds: v.exactOptional(described(seconds, "Of each attempt. Missing: no limit but the run's.")),
  env: described(variables, "The pipeline's with the job's, the job's own winning."),
  cwd: described(text, 'Relative to the workspace.'),
  secrets: described(v.array(text), 'Names of secrets that its steps get as variables.'),
  services: v.array(service),
  artifacts: described(v.array(text), 'Paths and globs, relative to the workspace, that are kept after the job.'),
  caches: v.array(v.object({ key: text, path: described(text, 'Relative to the workspace, or an absolute one of the container.') })),
  work: v.variant('kind', [
    v.object({ kind: v.literal('steps'), steps: v.array(step) }),
    v.object({ kind: v.literal('function'), hash: described(text, 'SHA-256 of the tree of `.slipway/` that holds the function.') }),
  ]),
});

export const planSchema = v.object({
  format: v.literal(1),
  source: described(text, 'Where it was written: `.slipway/ci.yml` or `.slipway/ci.ts`.'),
  executor: v.picklist(['container', 'host']),
  image: v.exactOptional(described(text, 'Missing: built from `.slipway/Dockerfile` where the executor is `container`.')),
  env: variables,
  resources: v.exactOptional(
    described(
      v.object({ memoryBytes: v.exactOptional(v.number()), cpus: v.exactOptional(v.number()), pids: v.exactOptional(v.number()) }),
      "Limits of the run's container and of each service.",
    ),
  ),
  jobs: described(v.array(job), 'In the order of the file; a matrix stands as its jobs.'),
}) satisfies v.GenericSchema<unknown, PipelinePlan>;
