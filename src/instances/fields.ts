import * as v from 'valibot';
import { parseSpan, spanExpected } from '../state/duration.ts';

/** What config.yml and service.yml share, as people write it: keys in snake_case. */

export const span = v.pipe(
  v.string(spanExpected.replace(/^expected /, '')),
  v.check((text) => parseSpan(text) !== undefined, spanExpected),
);

/** A path of the published port. */
export const httpPath = v.pipe(v.string(), v.regex(/^\/[^\s\0]*$/, 'expected a path that starts with /, such as /health'));

const word = v.pipe(
  v.string(),
  v.check((text) => !text.includes('\0'), 'expected a text without NUL'),
);

/** A line is run by `sh -c`. */
export const command = v.union(
  [v.pipe(word, v.nonEmpty('expected a command')), v.pipe(v.array(word), v.minLength(1, 'expected a program and its arguments'))],
  'a command line, or a program and its arguments as a list',
);

const count = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(least, `expected at least ${least}`), v.maxValue(most, `expected at most ${most}`));

export const health = v.pipe(
  v.strictObject({
    http: v.optional(httpPath),
    command: v.optional(command),
    image: v.optional(v.literal(true, 'true')),
    tcp: v.optional(v.literal(true, 'true')),
    none: v.optional(v.literal(true, 'true')),
    interval: v.optional(span),
    timeout: v.optional(span),
    start_period: v.optional(span),
    passes: v.optional(count(1, 100)),
    wait: v.optional(span),
    soak: v.optional(span),
  }),
  v.check(
    (file) => [file.http, file.command, file.image, file.tcp, file.none].filter((probe) => probe !== undefined).length <= 1,
    'expected one of `http`, `command`, `image`, `tcp`, `none`',
  ),
);

export type HealthFile = v.InferOutput<typeof health>;

const inContainer = v.pipe(
  v.string(),
  v.regex(/^\/[^\0\r\n:]+$/, 'expected a path in the container: an absolute path without a colon'),
  v.check((path) => !path.split('/').includes('..') && !/^\/+$/.test(path), 'expected a path below / without ".."'),
);
const onHost = v.pipe(
  v.string(),
  v.regex(/^(?:\/|~\/)[^\0\r\n:]*$/, 'expected an absolute path on the host, or one that starts with ~/'),
  v.check((path) => !path.split('/').includes('..'), 'expected a path without ".."'),
);

export const target = inContainer;
export const hostPath = onHost;

export const paths = v.strictObject({
  data: v.optional(inContainer),
  logs: v.optional(inContainer),
  projects: v.optional(v.strictObject({ source: onHost, target: inContainer })),
});

export type PathsFile = v.InferOutput<typeof paths>;
