import * as v from 'valibot';
import { parseSpan, spanExpected } from '../state/duration.ts';
import type { HealthProbe, HealthSettings, InstancePaths } from './model.ts';

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

export function commandFromFile(file: string | readonly string[]): readonly string[] {
  return typeof file === 'string' ? ['/bin/sh', '-c', file] : file;
}

/** What the file says, and nothing more. */
export function healthFromFile(file: HealthFile | undefined): Partial<HealthSettings> {
  if (file === undefined) return {};
  const probe = probeFromFile(file);
  return {
    ...(probe === undefined ? {} : { probe }),
    ...spanOf('intervalMs', file.interval),
    ...spanOf('timeoutMs', file.timeout),
    ...spanOf('startPeriodMs', file.start_period),
    ...(file.passes === undefined ? {} : { passes: file.passes }),
    ...spanOf('waitMs', file.wait),
    ...spanOf('soakMs', file.soak),
  };
}

function probeFromFile({ http, command: asked, image, tcp, none }: HealthFile): HealthProbe | undefined {
  if (http !== undefined) return { kind: 'http', path: http };
  if (asked !== undefined) return { kind: 'command', command: commandFromFile(asked) };
  if (image) return { kind: 'image' };
  if (tcp) return { kind: 'tcp' };
  return none ? { kind: 'none' } : undefined;
}

function spanOf<Key extends keyof HealthSettings>(key: Key, text: string | undefined): { readonly [key in Key]?: number } {
  const ms = text === undefined ? undefined : parseSpan(text);
  return ms === undefined ? {} : ({ [key]: ms } as { readonly [key in Key]?: number });
}

/** What the file says, and nothing more. `home` is what `~/` stands for. */
export function pathsFromFile(file: PathsFile | undefined, home: string): Partial<InstancePaths> {
  return {
    ...(file?.data === undefined ? {} : { data: file.data }),
    ...(file?.logs === undefined ? {} : { logs: file.logs }),
    ...(file?.projects === undefined ? {} : { projects: { source: withHome(file.projects.source, home), target: file.projects.target } }),
  };
}

export const withHome = (path: string, home: string) => (path.startsWith('~/') ? `${home}${path.slice(1)}` : path);
