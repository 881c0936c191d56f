import { isDeepStrictEqual } from 'node:util';
import { type Definition, isMap, mapAt, type Mistake, type Path, type Surroundings, textsAt } from './definition.ts';
import { executorOf } from './executor.ts';
import { insideWorkspace } from './inside.ts';
import { memberCount, mostMembers } from './matrix.ts';

interface Found {
  readonly path: Path;
  readonly part?: 'key' | 'value';
  readonly message: string;
}

/** Mistakes in the settings of jobs that more than one value tells, as they are, whatever else is wrong with them. */
export function checkJobs(definition: Definition, surroundings: Surroundings): readonly Mistake[] {
  const found = [
    ...checkKeys(definition.value),
    ...checkExecutor(definition, surroundings),
    ...definition.jobs.flatMap((job) => [...checkMatrix(definition, job), ...checkSecrets(definition, job)]),
    ...checkServices(definition),
    ...checkCaches(definition),
  ];
  return found.map(({ path, part = 'value', message }) => {
    const place = definition.locate(path, part);
    return { ...(place === undefined ? {} : { place }), message };
  });
}

/** Names that every JavaScript object has: a schema does not see them. */
function checkKeys(value: unknown, path: Path = []): readonly Found[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => checkKeys(item, [...path, index]));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    const reserved = ['__proto__', 'constructor', 'prototype'].includes(key);
    return [
      ...(reserved ? [{ path: here, part: 'key' as const, message: `\`${here.join('.')}\`: expected another name than ${key}` }] : []),
      ...checkKeys(inner, here),
    ];
  });
}

function checkExecutor(definition: Definition, surroundings: Surroundings): readonly Found[] {
  const { kind, why } = executorOf(definition.value, surroundings);
  // Whether there is an image for it is told by making it: the run's outcome is then image-build-failed.
  if (kind === 'container') return [];
  return definition.jobs.flatMap((job): readonly Found[] => {
    const { services, cache } = mapAt(definition.value, 'jobs', job);
    const absolute = (Array.isArray(cache) ? cache : []).flatMap((one: unknown, index) => {
      const { path } = mapAt(one);
      if (typeof path !== 'string' || !path.startsWith('/')) return [];
      return [
        { path: ['jobs', job, 'cache', index, 'path'], message: `\`jobs.${job}.cache\`: the absolute path ${path} needs the executor \`container\`: ${why}` },
      ];
    });
    if (services === undefined) return absolute;
    return [{ path: ['jobs', job, 'services'], part: 'key', message: `\`jobs.${job}.services\` need the executor \`container\`: ${why}` }, ...absolute];
  });
}

function checkMatrix({ value }: Definition, job: string): readonly Found[] {
  const { matrix } = mapAt(value, 'jobs', job);
  const path = ['jobs', job, 'matrix'];
  const subject = `\`jobs.${job}.matrix\``;
  const names = Object.keys(mapAt(matrix));
  const count = memberCount(matrix);
  return [
    ...(count > mostMembers ? [{ path, part: 'key' as const, message: `${subject} makes ${count} jobs: expected at most ${mostMembers}` }] : []),
    ...names.flatMap((name, index): readonly Found[] => {
      const variable = `MATRIX_${name.toUpperCase()}`;
      const twin = names.slice(0, index).find((other) => other.toUpperCase() === name.toUpperCase());
      if (twin !== undefined)
        return [{ path: [...path, name], part: 'key', message: `${subject}: \`${twin}\` and \`${name}\` would both be the variable ${variable}` }];
      return environments(value, job)
        .filter(({ variables }) => Object.hasOwn(variables, variable))
        .map((env) => ({
          path: [...env.path, variable],
          part: 'key',
          message: `\`${[...env.path, variable].join('.')}\` is given by the matrix of \`${job}\`: expected another name`,
        }));
    }),
  ];
}

function checkSecrets({ value }: Definition, job: string): readonly Found[] {
  const { secrets } = mapAt(value, 'jobs', job);
  const names = Array.isArray(secrets) ? textsAt(secrets).map(({ text }) => text) : [];
  return environments(value, job).flatMap(({ path, variables }) =>
    names
      .filter((name) => Object.hasOwn(variables, name))
      .map((name) => ({
        path: [...path, name],
        part: 'key' as const,
        message: `\`${[...path, name].join('.')}\` is also a secret of \`${job}\`: expected one or the other`,
      })),
  );
}

interface Environment {
  readonly path: Path;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Everything that sets variables for a job's steps. */
function environments(value: unknown, job: string): readonly Environment[] {
  const { steps } = mapAt(value, 'jobs', job);
  return [
    { path: ['env'], variables: mapAt(value, 'env') },
    { path: ['jobs', job, 'env'], variables: mapAt(value, 'jobs', job, 'env') },
    ...(Array.isArray(steps) ? steps : []).map((step: unknown, index) => ({ path: ['jobs', job, 'steps', index, 'env'], variables: mapAt(step, 'env') })),
  ];
}

/** Services are started once a run: a name means the same thing wherever it stands. */
function checkServices({ value, jobs }: Definition): readonly Found[] {
  const first = new Map<string, { readonly job: string; readonly definition: unknown }>();
  return jobs.flatMap((job) =>
    Object.entries(mapAt(value, 'jobs', job, 'services')).flatMap(([name, given]) => {
      const definition = typeof given === 'string' ? { image: given } : given;
      const known = first.get(name);
      if (known === undefined) first.set(name, { job, definition });
      if (known === undefined || isDeepStrictEqual(known.definition, definition)) return [];
      return [
        {
          path: ['jobs', job, 'services', name],
          part: 'key' as const,
          message: `two definitions of the service \`${name}\`: \`${job}\` gives another one than \`${known.job}\``,
        },
      ];
    }),
  );
}

/** A cache is one folder for the whole run. */
function checkCaches({ value, jobs }: Definition): readonly Found[] {
  const paths = new Map<unknown, unknown>();
  const keys = new Map<unknown, unknown>();
  return jobs.flatMap((job) => {
    const { cache } = mapAt(value, 'jobs', job);
    return (Array.isArray(cache) ? cache : []).flatMap((one: unknown, index): readonly Found[] => {
      const { key, path: written } = mapAt(one);
      if (typeof key !== 'string' || typeof written !== 'string') return [];
      const path = insideWorkspace(written) ?? written;
      const here = ['jobs', job, 'cache', index];
      const otherPath = paths.get(key);
      const otherKey = keys.get(path);
      paths.set(key, otherPath ?? path);
      keys.set(path, otherKey ?? key);
      if (otherPath !== undefined && otherPath !== path)
        return [{ path: [...here, 'path'], message: `the cache \`${key}\` has two paths: ${String(otherPath)} and ${path}` }];
      if (otherKey !== undefined && otherKey !== key)
        return [{ path: [...here, 'key'], message: `two caches for ${path}: \`${String(otherKey)}\` and \`${key}\`` }];
      return [];
    });
  });
}
