import * as v from 'valibot';
import { environment, identifier, imageReference, portNumber, repository, resources, shutdownTimeout, variableName } from '../projects/fields.ts';
import { isVersion } from '../state/identifiers.ts';
import { command, health, hostPath, httpPath, paths, target } from './fields.ts';

const address = v.union(
  [v.pipe(v.string(), v.ipv4('expected an IP address such as 127.0.0.1')), v.pipe(v.string(), v.ipv6('expected an IP address such as 127.0.0.1'))],
  'an IP address such as 127.0.0.1',
);

const image = v.union(
  [
    v.pipe(v.string(), v.regex(imageReference, 'expected an image reference such as nginx:1.27')),
    v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'expected an image reference such as nginx:1.27')),
  ],
  'an image reference such as nginx:1.27',
);

const volume = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'expected the name of a volume'));

export const mount = v.pipe(
  v.strictObject({
    source: v.optional(hostPath),
    volume: v.optional(volume),
    target,
    read_only: v.optional(v.boolean()),
  }),
  v.check((one) => (one.source === undefined) !== (one.volume === undefined), 'expected either `source` or `volume`'),
);

const text = (what: string, shape: RegExp) => v.pipe(v.string(), v.regex(shape, `expected ${what}`));

const { gpus: _gpus, ...limits } = resources.entries;

/** An instance's config.yml as people write it. */
export const instanceSchema = v.strictObject({
  kind: v.optional(v.picklist(['container', 'process'])),
  service: v.optional(identifier('a service')),
  version: v.optional(v.pipe(v.string(), v.check(isVersion, 'expected a version: the name of a git tag, such as v1.4.0'))),
  image: v.optional(image),
  repository: v.optional(repository),
  engine: v.strictObject({
    kind: v.picklist(['docker', 'podman']),
    endpoint: text("an engine's address: unix://, ssh:// or tcp://", /^(?:unix|ssh|tcp):\/\/\S+$/),
    identity: v.string(),
  }),
  address: v.optional(address),
  port: portNumber,
  container_port: v.optional(portNumber),
  paths: v.optional(paths),
  env: v.optional(environment),
  mounts: v.optional(v.array(mount)),
  limits: v.optional(v.strictObject(limits)),
  health: v.optional(health),
  command: v.optional(command),
  user: v.optional(text('a user, such as 1000, 1000:1000 or a name', /^[^\s\0:]+(?::[^\s\0:]+)?$/)),
  working_dir: v.optional(text('an absolute path', /^\/[^\0\r\n]*$/)),
  hostname: v.optional(text('a host name', /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,62})$/)),
  stop_timeout: v.optional(shutdownTimeout),
  metrics: v.optional(httpPath),
  required_secrets: v.optional(v.array(variableName)),
  settings: v.optional(v.record(v.string(), v.unknown())),
});

export type InstanceFile = v.InferOutput<typeof instanceSchema>;

/** What `instance create --config` takes: the engine and, where nobody says, the port are found when it is made. */
export const newInstanceSchema = v.strictObject({
  ...instanceSchema.entries,
  engine: v.optional(instanceSchema.entries.engine),
  port: v.optional(instanceSchema.entries.port),
});

export type NewInstanceFile = v.InferOutput<typeof newInstanceSchema>;

/** What needs more than one key; JSON Schema cannot say it. */
export const checkedInstanceSchema = v.pipe(
  instanceSchema,
  v.check((file) => (file.image === undefined) !== (file.service === undefined), 'expected either `image`, or `service` and `version`'),
  v.forward(
    v.check((file) => (file.service === undefined) === (file.version === undefined), 'expected `service` and `version` together'),
    ['version'],
  ),
  v.forward(
    v.check((file) => file.kind !== 'process' || file.service !== undefined, 'expected `container`: a process is a program of a release'),
    ['kind'],
  ),
  v.forward(
    v.check((file) => {
      const targets = (file.mounts ?? []).map((one) => one.target.replace(/\/+$/, ''));
      return new Set(targets).size === targets.length;
    }, 'mounts two things at one target'),
    ['mounts'],
  ),
);
