import * as v from 'valibot';
import { isIdentifier } from '../state/identifiers.ts';

const oneLine = (message: string) => v.pipe(v.string(), v.regex(/^[^\0\r\n]*[^\0\r\n\s][^\0\r\n]*$/, message));

/** A program and its arguments, each an element of its own: no shell reads them. */
const argv = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^\0]*$/, 'expected a text without a zero byte'))),
  v.minLength(1, 'expected a program and its arguments, each an element of its own'),
  v.check((words) => words[0] !== '', 'expected the name of a program as the first element'),
);

const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable: letters, digits and _, no digit first'));

const environment = v.record(
  variable,
  v.union([v.pipe(v.string(), v.regex(/^[^\0]*$/, 'expected a text without a zero byte')), v.number(), v.boolean()], 'a text, a number, true or false'),
);

const inHome = v.pipe(
  v.string(),
  v.regex(/^[^/\0\r\n:~][^\0\r\n:]*$/, "expected a path relative to the user's home, such as .claude"),
  v.check((path) => !path.split('/').some((part) => part === '..' || part === '.' || part === ''), 'expected a plain path without "..", "." or "//"'),
);

const mountTarget = v.pipe(
  v.string(),
  v.regex(/^(?:~\/|\/)[^\0\r\n:]+$/, 'expected an absolute path, or one that starts with ~/'),
  v.check((path) => !path.split('/').includes('..'), 'expected a path without ".."'),
);

/** agents/<name>.yml as people write it. */
export const agentSchema = v.strictObject({
  name: v.optional(v.pipe(v.string(), v.check(isIdentifier, 'expected an agent id: small letters and digits, parted by single - or _, at most 63 characters'))),
  label: v.optional(oneLine('expected a name on one line')),
  node: v.optional(v.pipe(v.string(), v.regex(/^>=\s*[0-9]+(?:\.[0-9]+){0,2}$/, 'expected the lowest version, such as ">=18"'))),
  install: v.pipe(v.array(oneLine('expected a shell line')), v.minLength(1, 'expected at least one shell line')),
  packages: v.optional(v.array(v.pipe(v.string(), v.regex(/^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/, 'expected the name of an npm package')))),
  version: argv,
  command: argv,
  headless: v.optional(
    v.pipe(
      v.strictObject({ command: argv, prompt_env: v.optional(variable) }),
      v.forward(
        v.check(
          (headless) => headless.prompt_env !== undefined || headless.command.some((word) => word.includes('{prompt}')),
          'expected an element with {prompt}, or `prompt_env`',
        ),
        ['command'],
      ),
    ),
  ),
  resume: v.optional(argv),
  env: v.optional(environment),
  env_when_root: v.optional(environment),
  credentials: v.optional(v.strictObject({ directory: inHome, files: v.optional(v.array(inHome)), mount: v.optional(mountTarget) })),
  sign_in: v.optional(v.strictObject({ command: argv })),
  pass_env: v.optional(v.array(variable)),
});

export type AgentFile = v.InferOutput<typeof agentSchema>;

export const checkedAgentSchema = (name: string) =>
  v.pipe(
    agentSchema,
    v.forward(
      v.check((file) => file.name === undefined || file.name === name, `expected ${name}, as the file is called`),
      ['name'],
    ),
  );
