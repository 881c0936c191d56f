import * as v from 'valibot';
import { environment, identifier, imageReference, portNumber, shutdownTimeout, variableName } from '../../projects/fields.ts';
import { command, health, httpPath, paths } from '../fields.ts';

const inTree = (what: string) =>
  v.pipe(
    v.string(),
    v.nonEmpty(`expected ${what}`),
    v.check((path) => !/[\0\r\n]/.test(path) && !path.startsWith('/') && !path.split('/').includes('..'), `expected ${what}: relative to the repository's top`),
  );

const line = v.pipe(
  v.string(),
  v.check((text) => !text.includes('\0'), 'expected a command without NUL'),
  v.regex(/\S/, 'expected a command'),
);

const image = v.pipe(
  v.string(),
  v.check((text) => imageReference.test(withVersion(text, '1')), 'expected an image reference such as registry.example.org/web:{version}'),
);

const { data, logs } = paths.entries;

/** `.slipway/service.yml` as people write it. */
export const serviceSchema = v.strictObject({
  service: v.optional(identifier('a service')),
  kind: v.optional(v.picklist(['container', 'process'])),
  build: v.optional(line),
  image: v.optional(image),
  dockerfile: v.optional(inTree('the path of a Dockerfile')),
  files: v.optional(v.array(inTree('a path or a glob'))),
  required_files: v.optional(v.array(inTree('a path'))),
  required_secrets: v.optional(v.array(variableName)),
  port: v.optional(portNumber),
  health: v.optional(health),
  metrics: v.optional(httpPath),
  paths: v.optional(v.strictObject({ data, logs })),
  command: v.optional(command),
  env: v.optional(environment),
  stop_timeout: v.optional(shutdownTimeout),
});

export type ServiceFile = v.InferOutput<typeof serviceSchema>;

/** What needs more than one key; JSON Schema cannot say it. Told beside other mistakes. */
export const checkedServiceSchema = v.pipe(
  serviceSchema,
  v.forward(
    v.partialCheck(
      [['build'], ['image']],
      ({ build, image }) => build === undefined || image !== undefined,
      'expected `image` beside it: the image that the command leaves',
    ),
    ['build'],
  ),
  v.forward(
    v.partialCheck([['dockerfile'], ['build']], ({ dockerfile, build }) => dockerfile === undefined || build === undefined, 'expected either it or `build`'),
    ['dockerfile'],
  ),
  v.forward(
    v.partialCheck(
      [['dockerfile'], ['image'], ['build']],
      ({ dockerfile, image, build }) => dockerfile === undefined || image === undefined || build !== undefined,
      'expected either it or `image`: an image that is not built is pulled',
    ),
    ['dockerfile'],
  ),
  v.forward(
    v.partialCheck(
      [['kind'], ['command']],
      ({ kind, command }) => kind !== 'process' || command !== undefined,
      'expected `command` beside it: the program that a process runs',
    ),
    ['kind'],
  ),
  v.forward(
    v.partialCheck(
      [['kind'], ['health']],
      ({ kind, health }) => kind !== 'process' || !health?.image,
      'expected another probe than `image`: a process has no HEALTHCHECK',
    ),
    ['health'],
  ),
);

/** `{version}` of a reference, with what a tag cannot hold as `-`. */
export function withVersion(image: string, version: string): string {
  return image.replaceAll('{version}', tagSafe(version));
}

export const tagSafe = (version: string) => version.replace(/[^\w.-]/g, '-');
