import * as v from 'valibot';
import { isIdentifier } from '../state/identifiers.ts';
import { parseMemory } from './memory.ts';
import { parsePort } from './port.ts';
import { repositoryProblem } from './repository.ts';

/** The settings that project.yml and config.yml share, as people write them: keys in snake_case. */

const line = (name: string) =>
  v.pipe(v.string(), v.regex(/^[^\0\r\n]*$/, `expected ${name} on one line`), v.trim(), v.nonEmpty(`expected ${name}, found an empty text`));

export const identifier = (kind: string) =>
  v.pipe(v.string(), v.check(isIdentifier, `expected ${kind} id: small letters and digits, parted by single - or _, at most 63 characters`));

/** `[registry[:port]/]path[:tag][@digest]`: what an engine takes as a reference and no shell or file name is harmed by. */
export const imageReference =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

const packageName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9+.-]+$/, 'expected the name of a package'));

export const bootstrap = v.strictObject({
  bootstrap: v.picklist(['debian', 'ubuntu']),
  suite: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9.-]*$/, 'expected the name of a suite, such as bookworm')),
  packages: v.optional(v.array(packageName)),
  components: v.optional(v.array(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9/-]*$/, 'expected the name of a component, such as main')))),
});

export const base = v.union(
  [
    v.pipe(
      v.string(),
      v.maxLength(255, 'expected an image reference of at most 255 characters'),
      v.regex(imageReference, 'expected an image reference such as ubuntu:24.04'),
    ),
    bootstrap,
  ],
  'an image reference such as ubuntu:24.04, or { bootstrap: debian, suite: bookworm }',
);

export const human = v.strictObject({
  name: v.optional(line('a name')),
  email: v.optional(v.pipe(v.string(), v.regex(/^[^\s@<>]+@[^\s@<>]+$/, 'expected an e-mail address'))),
});

export const agents = v.pipe(
  v.array(identifier('an agent')),
  v.minLength(1, 'expected at least one agent'),
  v.check((names) => new Set(names).size === names.length, 'names an agent twice'),
);

const absolute = (what: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\/[^\0\r\n:]*$/, `expected ${what}: an absolute path without a colon`),
    v.check((path) => !path.split('/').includes('..'), `expected ${what} without ".."`),
  );

export const mount = v.strictObject({
  source: v.union(
    [absolute('a path on the host'), v.pipe(v.string(), v.regex(/^~\/[^\0\r\n:]+$/, 'expected an absolute path on the host, or one that starts with ~/'))],
    'an absolute path on the host, or one that starts with ~/',
  ),
  target: v.pipe(
    absolute('a path in the container'),
    v.check((path) => !/^\/(?:workspace)?\/*$/.test(path), 'expected a path other than / and /workspace, which are taken'),
  ),
  read_only: v.optional(v.boolean()),
});

export const variableName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable: letters, digits and _, no digit first'));

export const environment = v.record(
  variableName,
  // An image's environment cannot hold more than a line.
  v.union([v.pipe(v.string(), v.regex(/^[^\0\r\n]*$/, 'expected a text on one line')), v.number(), v.boolean()], 'a text on one line, a number, true or false'),
);

export const portNumber = v.pipe(
  v.number(),
  v.integer('expected a whole number'),
  v.minValue(1, 'expected a port from 1 to 65535'),
  v.maxValue(65_535, 'expected a port from 1 to 65535'),
);

export const port = v.union(
  [
    portNumber,
    v.pipe(
      v.string(),
      v.check((text) => parsePort(text) !== undefined, 'expected a port such as 3000, "8080:3000" or "127.0.0.1:8080:3000/tcp"'),
    ),
    v.strictObject({
      container: portNumber,
      host: v.optional(
        v.pipe(
          v.number(),
          v.integer('expected a whole number'),
          v.minValue(0, 'expected a port from 0 to 65535'),
          v.maxValue(65_535, 'expected a port from 0 to 65535'),
        ),
      ),
      address: v.optional(
        v.union(
          [v.pipe(v.string(), v.ipv4('expected an IP address such as 127.0.0.1')), v.pipe(v.string(), v.ipv6('expected an IP address such as 127.0.0.1'))],
          'an IP address such as 127.0.0.1',
        ),
      ),
      protocol: v.optional(v.picklist(['tcp', 'udp'])),
    }),
  ],
  'a port such as 3000, "8080:3000", or { container: 3000, host: 8080 }',
);

export const resources = v.strictObject({
  memory: v.optional(
    v.union(
      [
        v.pipe(v.number(), v.integer('expected whole bytes'), v.minValue(6_291_456, 'expected at least 6m: engines refuse less')),
        v.pipe(
          v.string(),
          v.check((text) => parseMemory(text) !== undefined, 'expected a size such as 512m or 4g'),
          v.check((text) => (parseMemory(text) ?? 6_291_456) >= 6_291_456, 'expected at least 6m: engines refuse less'),
        ),
      ],
      'a size such as 512m or 4g',
    ),
  ),
  cpus: v.optional(v.pipe(v.number(), v.minValue(0.01, 'expected at least 0.01'), v.maxValue(4096, 'expected at most 4096'))),
  pids: v.optional(
    v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(16, 'expected at least 16'), v.maxValue(4_194_304, 'expected at most 4194304')),
  ),
  gpus: v.optional(
    v.union([v.literal('all'), v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(1, 'expected at least 1'))], 'all, or how many'),
  ),
});

export const hardening = v.picklist(['standard', 'strict']);

export const shutdownTimeout = v.pipe(
  v.number(),
  v.integer('expected whole seconds'),
  v.minValue(0, 'expected 0 or more seconds'),
  v.maxValue(3600, 'expected at most 3600 seconds'),
);

export const network = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'expected host, none, bridge or the name of a network'));

export const build = v.strictObject({ network: v.optional(network) });

export const repository = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? repositoryProblem(dataset.value) : undefined;
    if (problem) addIssue({ message: problem });
  }),
);

/** The rules of git-check-ref-format(1) for a branch, and no leading dash. */
export const branch = v.pipe(
  v.string(),
  v.check(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them in a branch's name.
    (name) => name !== '' && name.length <= 244 && !/^[-/]|\/$|\.$|\/\/|\.\.|@\{|^@$|[\x00-\x20\x7f~^:?*[\\]|(?:^|\/)\.|\.lock(?:\/|$)/.test(name),
    'expected the name of a branch',
  ),
);

const count = (least: number, most: number, what: string) =>
  v.pipe(
    v.number(),
    v.integer(`expected a whole number${what}`),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );

export const ci = v.strictObject({
  max_runs: v.optional(count(1, 1000, ' of runs')),
  jobs: v.optional(count(1, 1000, ' of jobs')),
  keep_images: v.optional(count(0, 1000, ' of images')),
  engine_patience: v.optional(count(0, 3600, ' of seconds')),
});

export const secrets = v.record(
  variableName,
  v.union(
    [
      v.strictObject({ env: v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable')) }),
      v.strictObject({
        file: v.pipe(v.string(), v.regex(/^(?:\/|~\/)[^\0\r\n]*$/, 'expected an absolute path, or one that starts with ~/')),
      }),
      v.strictObject({
        command: v.pipe(
          v.array(
            v.pipe(
              v.string(),
              v.check((word) => !word.includes('\0'), 'expected a text without NUL'),
            ),
          ),
          v.minLength(1, 'expected a program and its arguments'),
        ),
      }),
    ],
    '{ env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }',
  ),
);
