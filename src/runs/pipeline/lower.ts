import { parseMemory } from '../../projects/memory.ts';
import type { PipelinePlan, PlannedJob, PlannedService, PlannedStep } from '../model.ts';
import type { Definition, Surroundings } from './definition.ts';
import { parseLimit } from '../../state/duration.ts';
import { executorOf } from './executor.ts';
import { insideWorkspace } from './inside.ts';
import { jobFolders } from './job-folders.ts';
import { type Member, membersOf } from './matrix.ts';
import type { JobFile, PipelineFile } from './schema.ts';

type Variables = Readonly<Record<string, string | number | boolean>>;
type Command = string | readonly (string | number)[];

/** From a file without a mistake to the plan. The order of keys and jobs is the file's, or fixed here: the same input gives the same bytes. */
export function lower(definition: Definition, file: PipelineFile, surroundings: Surroundings): PipelinePlan {
  const groups = new Map(definition.jobs.map((job) => [job, membersOf(job, file.jobs[job]?.matrix)]));
  const folders = jobFolders([...groups.values()].flat().map(({ name }) => name));
  const env = texts(file.env);
  return {
    format: 1,
    source: definition.source,
    executor: executorOf(file, surroundings).kind,
    ...(file.image === undefined ? {} : { image: file.image }),
    env,
    ...(file.resources === undefined ? {} : { resources: resourcesOf(file.resources) }),
    jobs: [...groups].flatMap(([group, members]) => {
      const job = file.jobs[group];
      return job === undefined ? [] : members.map((member) => lowerJob(definition, job, { group, member, groups, env, id: folders.get(member.name) ?? '' }));
    }),
  };
}

interface JobContext {
  readonly group: string;
  readonly member: Member;
  readonly groups: ReadonlyMap<string, readonly Member[]>;
  readonly env: Readonly<Record<string, string>>;
  readonly id: string;
}

function lowerJob(definition: Definition, job: JobFile, { group, member, groups, env, id }: JobContext): PlannedJob {
  return {
    name: member.name,
    id,
    group,
    ...(member.matrix === undefined ? {} : { matrix: member.matrix }),
    needs: [...new Set([job.needs ?? []].flat().flatMap((need) => groups.get(need)?.map(({ name }) => name) ?? [need]))],
    always: job.always ?? false,
    allowFailure: job.allowFailure ?? false,
    retry: job.retry ?? 0,
    ...limit(job.timeout),
    env: { ...env, ...texts(job.env) },
    cwd: insideWorkspace(job.cwd ?? '.') ?? '.',
    secrets: job.secrets ?? [],
    services: Object.entries(job.services ?? {}).map(([name, service]) => lowerService(name, service)),
    artifacts: (job.artifacts ?? []).map((path) => insideWorkspace(path) ?? path),
    caches: (job.cache ?? []).map(({ key, path }) => ({ key, path: insideWorkspace(path) ?? path.replace(/(?<=.)\/+$/, '') })),
    work: definition.functions.has(group) ? { kind: 'function', hash: definition.hash ?? '' } : { kind: 'steps', steps: job.steps.map(lowerStep) },
  };
}

function lowerStep(step: JobFile['steps'][number]): PlannedStep {
  if (typeof step === 'string' || Array.isArray(step)) return { name: stepName(step), command: commandOf(step), env: {} };
  const { name, run, env, cwd, timeout } = step;
  return {
    name: name ?? stepName(run),
    command: commandOf(run),
    env: texts(env),
    ...(cwd === undefined ? {} : { cwd: insideWorkspace(cwd) ?? '.' }),
    ...limit(timeout),
  };
}

function stepName(command: Command): string {
  const text = typeof command === 'string' ? command : command.join(' ');
  const line = text.split(/[\r\n]/).find((candidate) => /\S/.test(candidate)) ?? '';
  return [...line.replace(/\p{Cc}/gu, ' ').trim()].slice(0, 120).join('');
}

function commandOf(command: Command): string | readonly string[] {
  return typeof command === 'string' ? command : command.map(String);
}

const everySeconds = 2;
const healthySeconds = 60;

function lowerService(name: string, service: NonNullable<JobFile['services']>[string]): PlannedService {
  if (typeof service === 'string') return { name, image: service, env: {} };
  const { image, command, env, health } = service;
  const check = health === undefined || typeof health === 'string' || Array.isArray(health) ? { command: health } : health;
  return {
    name,
    image,
    ...(command === undefined ? {} : { command: command.map(String) }),
    env: texts(env),
    ...(check.command === undefined
      ? {}
      : {
          health: {
            command: commandOf(check.command),
            intervalSeconds: seconds('interval' in check ? check.interval : undefined, everySeconds),
            timeoutSeconds: seconds('timeout' in check ? check.timeout : undefined, healthySeconds),
          },
        }),
  };
}

function resourcesOf({ memory, cpus, pids }: NonNullable<PipelineFile['resources']>): NonNullable<PipelinePlan['resources']> {
  const memoryBytes = typeof memory === 'string' ? parseMemory(memory) : memory;
  return { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }), ...(pids === undefined ? {} : { pids }) };
}

function texts(variables: Variables = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}

function limit(text: string | undefined): { readonly timeoutSeconds?: number } {
  const timeoutSeconds = text === undefined ? undefined : parseLimit(text);
  return timeoutSeconds === undefined ? {} : { timeoutSeconds };
}

function seconds(text: string | undefined, otherwise: number): number {
  return (text === undefined ? undefined : parseLimit(text)) ?? otherwise;
}
