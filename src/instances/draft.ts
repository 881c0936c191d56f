import { resolve } from 'node:path';
import { containerUser } from '../containers/ownership.ts';
import type { Engine, EngineInfo } from '../engine/model.ts';
import { SlipwayError, usageError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { repositoryKind } from '../projects/repository.ts';
import { readYamlText } from '../state/yaml.ts';
import { checkIdentifier } from '../state/identifiers.ts';
import { checkPlace, instanceExists } from './create.ts';
import { checkSources } from './check-sources.ts';
import type { InstanceConfig } from './model.ts';
import { freePort, instancePorts, publishedPorts } from './ports.ts';
import type { ServiceDefinition } from './releases/model.ts';
import { resolveInstance } from './resolve.ts';
import type { InstanceFile, NewInstanceFile } from './schema.ts';
import type { TemplateSettings } from './service/template.ts';
import { readInstanceIfAny } from './store.ts';

/** What `instance create` was asked for; what is not said comes from `configFile`, the version's service.yml, or Slipway. */
export interface CreateRequest {
  readonly name: string;
  /** A YAML file as config.yml, without what is given here. */
  readonly configFile?: string | undefined;
  readonly image?: string | undefined;
  /** Path or address. Default: the repository of `cwd`. */
  readonly repository?: string | undefined;
  readonly template?: string | undefined;
  /** A git tag. Default: the newest. */
  readonly version?: string | undefined;
  readonly address?: string | undefined;
  /** Default: the first free one from 8081 up. */
  readonly port?: number | undefined;
  /** A path of its port, or a command line. */
  readonly health?: string | undefined;
  readonly memory?: string | undefined;
  readonly cpus?: number | undefined;
  readonly cwd: string;
}

export interface Draft {
  readonly config: InstanceConfig;
  /** The port was found, not given: another one is as good. */
  readonly anyPort: boolean;
  /** What to build or reuse a release from. `undefined`: an image. */
  readonly release: { readonly repository: string; readonly version: string; readonly service: string } | undefined;
}

/** Finds every mistake before anything is made, built or pulled, and gives what the instance would be. */
export async function draftInstance(app: App, request: CreateRequest): Promise<Draft> {
  const name = checkIdentifier('instance', request.name);
  if ((await readInstanceIfAny(app.paths, name, app.person.home)) !== undefined) throw instanceExists(name);
  const given = request.configFile === undefined ? {} : await readNewInstance(resolve(request.cwd, request.configFile));
  const asked = await fileOf(request, given);
  const source = await sourceOf(app, request, given);
  const engine = await app.engine();
  const info = await checkEngine(app, engine);
  const { kind, endpoint, identity } = info;
  const address = request.address ?? given.address ?? '127.0.0.1';
  const port = request.port ?? given.port ?? (await nextPort(app, engine, address));
  const { service: _service, version: _version, image: _image, repository: _repository, ...rest } = asked;
  const file = await checkFile(name, { ...rest, ...source.file, engine: { kind, endpoint, identity }, port });
  const config = withTemplate(resolveInstance(name, file, source.definition, app.person.home), file, source.template);
  checkLimits(app, config, info);
  await checkSources(config);
  const anyPort = (request.port ?? given.port) === undefined;
  // One that was found free a moment ago is looked at when the instance is made, and another one found where it is not.
  await checkPlace(app, config, { port: !anyPort });
  return { config, anyPort, release: source.release };
}

async function readNewInstance(file: string): Promise<NewInstanceFile> {
  const text = await readYamlText(file);
  if (text === undefined) throw new SlipwayError('E_NO_FILE', `There is no file ${file}.`, { exitCode: 2, hint: 'Name an existing file with --config.' });
  const [{ parseYaml }, { newInstanceSchema }] = await Promise.all([import('../state/yaml.ts'), import('./schema.ts')]);
  return parseYaml(file, text, newInstanceSchema);
}

/** What was typed stands above the file. */
async function fileOf({ address, health, memory, cpus }: CreateRequest, given: NewInstanceFile): Promise<NewInstanceFile> {
  const probe = health === undefined ? undefined : /^\/\S*$/.test(health) ? { http: health } : { command: health };
  const { http: _http, command: _command, image: _image, tcp: _tcp, none: _none, ...times } = given.health ?? {};
  return {
    ...given,
    ...(address === undefined ? {} : { address }),
    ...(probe === undefined ? {} : { health: { ...times, ...probe } }),
    ...(memory === undefined && cpus === undefined
      ? {}
      : { limits: { ...given.limits, ...(memory === undefined ? {} : { memory }), ...(cpus === undefined ? {} : { cpus }) } }),
  };
}

interface Source {
  readonly file: Pick<InstanceFile, 'image' | 'service' | 'version' | 'repository'>;
  readonly definition: ServiceDefinition | undefined;
  readonly release: Draft['release'];
  readonly template?: TemplateSettings;
}

async function sourceOf(app: App, request: CreateRequest, given: NewInstanceFile): Promise<Source> {
  if (request.repository !== undefined && (request.image ?? request.template) !== undefined)
    throw usageError('--repo goes neither with --image nor with --template.', 'Name one of them.');
  const version = request.version ?? given.version;
  if (request.template !== undefined) return fromTemplate(app, request, request.template);
  const image = request.image ?? (request.repository === undefined ? given.image : undefined);
  if (image !== undefined) {
    if (request.version !== undefined)
      throw usageError('--version is a git tag, and an image has its version in its name.', `Write --image ${image.replace(/:[^:/]*$/, '')}:TAG.`);
    return { file: { image }, definition: undefined, release: undefined };
  }
  const repository = await repositoryOf(app, request, given);
  const [{ resolveVersion }, { readService }] = await Promise.all([import('./releases/versions.ts'), import('./releases/service-file.ts')]);
  const resolved = await resolveVersion(app, repository, version);
  const declared = await readService(app, repository, resolved.version);
  const { service } = declared.definition;
  if (given.service !== undefined && given.service !== service)
    throw usageError(`${repository} declares the service ${service}, not ${given.service}.`, 'Correct `service` in the file of --config, or --repo.');
  return {
    file: { service, version: resolved.version, repository: declared.repository },
    definition: declared.definition,
    release: { repository: declared.repository, version: resolved.version, service },
  };
}

async function fromTemplate(app: App, request: CreateRequest, template: string): Promise<Source> {
  if (template !== 'opencode') throw usageError(`There is no template ${template}.`, 'The template is called opencode.');
  if (request.version !== undefined) throw usageError('A template has no git tags.', 'Leave --version out; --image chooses another image.');
  const [{ chooseImage }, { openCodeSettings, volumesOf }, { checkVolumes }] = await Promise.all([
    import('./service/image.ts'),
    import('./service/template.ts'),
    import('./service/volumes.ts'),
  ]);
  await checkVolumes(app, { instance: request.name, volumes: volumesOf(request.name) });
  return { file: { image: await chooseImage(app, request.image) }, definition: undefined, release: undefined, template: openCodeSettings(request.name) };
}

/** What a person says stands above what the template says; the template's mounts come first. */
function withTemplate(config: InstanceConfig, file: InstanceFile, template: TemplateSettings | undefined): InstanceConfig {
  if (template === undefined) return config;
  return {
    ...config,
    ...template,
    mounts: [...template.mounts, ...config.mounts],
    ...(file.container_port === undefined ? {} : { containerPort: config.containerPort }),
    ...(file.health === undefined ? {} : { health: config.health }),
    ...(file.working_dir === undefined ? {} : { workingDir: config.workingDir }),
    ...(file.hostname === undefined ? {} : { hostname: config.hostname }),
    ...(file.stop_timeout === undefined ? {} : { stopTimeoutSeconds: config.stopTimeoutSeconds }),
  };
}

async function repositoryOf(app: App, request: CreateRequest, given: NewInstanceFile): Promise<string> {
  const named = request.repository ?? given.repository;
  // A path of the folder that the command was typed in.
  if (named !== undefined) return repositoryKind(named) === undefined || /^\.{1,2}(?:\/|$)/.test(named) ? resolve(request.cwd, named) : named;
  try {
    const { openRepository } = await import('../git/repository.ts');
    return (await openRepository(request.cwd, { env: app.env, signal: app.signal })).top;
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'E_NO_REPOSITORY') throw error;
    throw new SlipwayError('E_NO_REPOSITORY', error.message, {
      cause: error,
      hint: 'Run the command in the repository of the service, or name one with --repo, an image with --image, or --template opencode.',
    });
  }
}

/** The data is a folder of this machine, and the port is asked from here. */
export async function checkEngine(app: App, engine: Engine): Promise<EngineInfo> {
  const info = await engine.info({ signal: app.signal });
  if (info.locality === 'remote') {
    throw new SlipwayError('E_ENGINE_REMOTE', `The engine at ${info.endpoint} is on another machine, and an instance's data is a folder of this one.`, {
      hint: 'Choose a local engine with --engine, or run Slipway on that machine.',
    });
  }
  containerUser(app.person, info);
  return info;
}

async function nextPort(app: App, engine: Engine, address: string): Promise<number> {
  const [held, published] = await Promise.all([instancePorts(app.paths), publishedPorts(engine, app.signal)]);
  return freePort(address, new Set([...held, ...published]));
}

async function checkFile(name: string, file: unknown): Promise<InstanceFile> {
  const [{ safeParse }, { checkedInstanceSchema }] = await Promise.all([import('valibot'), import('./schema.ts')]);
  const result = safeParse(checkedInstanceSchema, file);
  if (result.success) return result.output;
  const mistakes = result.issues.map((issue) => {
    const at = (issue.path ?? []).map((item) => String(item.key)).join('.');
    return `${at === '' ? 'the instance' : at}: ${issue.type === 'union' ? 'expected ' : ''}${issue.message}`;
  });
  throw new SlipwayError('E_BAD_SETTING', `Not an instance: ${mistakes[0]}.`, {
    exitCode: 2,
    hint: `\`slipway instance create ${name} --help\` lists the options; nothing was made.`,
    ...(mistakes.length > 1 ? { detail: mistakes.slice(1).join('\n') } : {}),
  });
}

function checkLimits(app: App, { limits }: InstanceConfig, info: EngineInfo): void {
  const nothing = 'Nothing was made.';
  if (limits.cpus !== undefined && limits.cpus > info.cpus)
    throw new SlipwayError('E_BAD_SETTING', `The engine has ${info.cpus} processors, so limits.cpus cannot be ${limits.cpus}.`, { exitCode: 2, hint: nothing });
  if (limits.memoryBytes !== undefined && info.memoryBytes > 0 && limits.memoryBytes > info.memoryBytes)
    throw new SlipwayError('E_BAD_SETTING', `The engine has ${Math.floor(info.memoryBytes / 2 ** 20)}m of memory, less than limits.memory.`, {
      exitCode: 2,
      hint: nothing,
    });
  if (Object.keys(limits).length > 0 && info.rootless && info.cgroupVersion === 1)
    app.out.warn('This engine is rootless on cgroups of version 1: it takes no notice of limits.');
}
