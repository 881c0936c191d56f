import * as v from 'valibot';
import { imageReference, resources } from '../../projects/fields.ts';
import { limitExpected, parseLimit } from '../../state/duration.ts';
import { insideWorkspace } from './inside.ts';

/** ci.yml as people write it. What needs more than one value is in checks.ts. */

const noNul = (what: string) =>
  v.pipe(
    v.string(),
    v.check((text) => !text.includes('\0'), `expected ${what} without NUL`),
  );

const oneLine = (what: string) =>
  v.pipe(
    v.string(),
    v.regex(/^[^\p{Cc}]*\S[^\p{Cc}]*$/u, `expected ${what}: a text on one line`),
    v.maxLength(200, `expected ${what} of at most 200 characters`),
  );

const shellCommand = v.pipe(noNul('a command'), v.regex(/\S/, 'expected a command'));

const argv = v.pipe(
  v.array(v.union([noNul('a text'), v.number()], 'a text')),
  v.minLength(1, 'expected a program and its arguments'),
  v.check((words) => words[0] !== '', 'expected a program first'),
);

const command = v.union([shellCommand, argv], 'a command for the shell, or a list: a program and its arguments');

const variableName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable: letters, digits and _, no digit first'),
  v.check((name) => !name.startsWith('SLIPWAY_'), 'expected another name: those that begin with SLIPWAY_ are given by Slipway'),
);

const environment = v.record(variableName, v.union([noNul('a text'), v.number(), v.boolean()], 'a text, a number, true or false'));

const limit = v.pipe(
  v.string('a time such as 90s, 10m or 1h30m'),
  v.check((text) => parseLimit(text) !== undefined, limitExpected),
);

const inside = v.pipe(
  v.string(),
  v.check((path) => insideWorkspace(path) !== undefined, 'expected a path inside the workspace, relative to its top'),
);

const image = v.pipe(
  v.string('an image reference such as debian:12'),
  v.maxLength(255, 'expected an image reference of at most 255 characters'),
  v.regex(imageReference, 'expected an image reference such as debian:12'),
);

export const jobName = v.pipe(
  v.string(),
  v.nonEmpty("expected a job's name"),
  v.maxLength(100, "expected a job's name of at most 100 characters"),
  v.regex(/^[^/\p{Cc}]*$/u, "expected a job's name without `/`, on one line"),
  v.regex(/^[^\s-].*(?<!\s)$/, "expected a job's name that begins with neither a blank nor a dash, and does not end with a blank"),
);

const step = v.union(
  [
    shellCommand,
    argv,
    v.strictObject({
      name: v.optional(oneLine('a name')),
      run: command,
      env: v.optional(environment),
      cwd: v.optional(inside),
      timeout: v.optional(limit),
    }),
  ],
  'a command for the shell, a list (a program and its arguments), or { run: … }',
);

const serviceName = v.pipe(
  v.string(),
  v.regex(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected a service's name, which is its host name: small letters, digits and -, a letter first"),
);

const health = v.union(
  [shellCommand, argv, v.strictObject({ command, interval: v.optional(limit), timeout: v.optional(limit) })],
  'a command, or { command, interval, timeout }',
);

const service = v.union(
  [image, v.strictObject({ image, command: v.optional(argv), env: v.optional(environment), health: v.optional(health) })],
  'an image, or { image, command, env, health }',
);

const matrixValue = v.union([oneLine('a value'), v.number(), v.boolean()], 'a text on one line, a number, true or false');

const cache = v.strictObject({
  key: v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, 'expected a key: small letters, digits, ., _ and -, at most 63')),
  path: v.pipe(
    v.string(),
    v.check(isCachePath, 'expected a folder inside the workspace, or an absolute path other than those of the workspace and the system'),
  ),
});

const needed = v.pipe(v.string(), v.nonEmpty("expected a job's name"));

export const jobSchema = v.strictObject({
  needs: v.optional(v.union([needed, v.pipe(v.array(needed), v.minLength(1, 'names no job: leave it out, or name one'))], 'the names of jobs, or one of them')),
  steps: v.pipe(v.array(step), v.minLength(1, 'expected at least one step')),
  env: v.optional(environment),
  cwd: v.optional(inside),
  timeout: v.optional(limit),
  retry: v.optional(
    v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(0, 'expected 0 or more further attempts'), v.maxValue(10, 'expected at most 10')),
  ),
  matrix: v.optional(
    v.pipe(
      v.record(
        v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'expected a name of letters, digits and _, no digit first')),
        v.pipe(v.array(matrixValue), v.minLength(1, 'makes no job: expected at least one value')),
      ),
      v.minEntries(1, 'makes no job: expected at least one list of values'),
    ),
  ),
  allowFailure: v.optional(v.boolean()),
  always: v.optional(v.boolean()),
  services: v.optional(v.record(serviceName, service)),
  secrets: v.optional(
    v.pipe(
      v.array(variableName),
      v.check((names) => new Set(names).size === names.length, 'names a secret twice'),
    ),
  ),
  artifacts: v.optional(v.array(inside)),
  cache: v.optional(v.array(cache)),
});

export const pipelineSchema = v.strictObject({
  image: v.optional(image),
  executor: v.optional(v.picklist(['container', 'host'])),
  env: v.optional(environment),
  resources: v.optional(v.omit(resources, ['gpus'])),
  jobs: v.pipe(v.record(jobName, jobSchema), v.minEntries(1, 'expected at least one job')),
});

export type PipelineFile = v.InferOutput<typeof pipelineSchema>;
export type JobFile = v.InferOutput<typeof jobSchema>;

function isCachePath(path: string): boolean {
  if (!path.startsWith('/')) return ![undefined, '.'].includes(insideWorkspace(path));
  return !/[\0\r\n:]/.test(path) && !path.split('/').includes('..') && !/^\/+(?:(?:work|proc|sys|dev|run)(?:\/.*)?)?$/.test(path);
}
