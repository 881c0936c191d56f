import * as v from 'valibot';
import {
  agents,
  base,
  branch,
  build,
  ci,
  environment,
  hardening,
  human,
  identifier,
  mount,
  network,
  port,
  repository,
  resources,
  secrets,
  shutdownTimeout,
} from './fields.ts';

/** project.yml as people write it. */
export const projectSchema = v.strictObject({
  id: v.optional(identifier('a project')),
  repository: v.optional(repository),
  branch: v.optional(branch),
  human: v.optional(human),
  base: v.optional(base),
  snippet: v.optional(
    v.union(
      [
        v.pipe(v.string(), v.maxLength(1_048_576, 'expected at most 1 MiB')),
        v.strictObject({
          file: v.pipe(
            v.string(),
            v.nonEmpty('expected a path'),
            v.check(
              (path) => !/[\0\r\n]/.test(path) && !path.startsWith('/') && !path.split('/').includes('..'),
              'expected a path inside the folder of project.yml',
            ),
          ),
        }),
      ],
      'Dockerfile lines, or { file: path beside project.yml }',
    ),
  ),
  agents: v.optional(agents),
  default_agent: v.optional(identifier('an agent')),
  mounts: v.optional(v.array(mount)),
  env: v.optional(environment),
  ports: v.optional(v.array(port)),
  resources: v.optional(resources),
  hardening: v.optional(hardening),
  shutdown_timeout: v.optional(shutdownTimeout),
  network: v.optional(network),
  trust_host_ca: v.optional(v.boolean()),
  build: v.optional(build),
});

export type ProjectFile = v.InferOutput<typeof projectSchema>;

/** What needs more than one key, or the folder's name; JSON Schema cannot say it. */
export const checkedProjectSchema = (id: string) =>
  v.pipe(
    projectSchema,
    v.forward(
      v.check((file) => file.id === undefined || file.id === id, `expected ${id}, as the folder is called`),
      ['id'],
    ),
    v.forward(
      v.check((file) => file.agents === undefined || file.default_agent === undefined || file.agents.includes(file.default_agent), 'expected one of `agents`'),
      ['default_agent'],
    ),
  );

const engines = 'auto, docker, podman, or a URL that starts with unix://, ssh:// or tcp://';

/** config.yml as people write it. */
export const configSchema = v.strictObject({
  engine: v.optional(
    v.union([v.picklist(['auto', 'docker', 'podman']), v.pipe(v.string(), v.regex(/^(?:unix|ssh|tcp):\/\/\S+$/, `expected ${engines}`))], engines),
  ),
  agents: v.optional(agents),
  default_agent: v.optional(identifier('an agent')),
  base: v.optional(base),
  human: v.optional(human),
  trust_host_ca: v.optional(v.boolean()),
  hardening: v.optional(hardening),
  resources: v.optional(resources),
  build: v.optional(build),
  shutdown_timeout: v.optional(shutdownTimeout),
  ci: v.optional(ci),
  secrets: v.optional(secrets),
});

export type ConfigFile = v.InferOutput<typeof configSchema>;

export const checkedConfigSchema = v.pipe(
  configSchema,
  v.forward(
    v.check((file) => file.agents === undefined || file.default_agent === undefined || file.agents.includes(file.default_agent), 'expected one of `agents`'),
    ['default_agent'],
  ),
);
