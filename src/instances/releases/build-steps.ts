import { mkdir, realpath, rename, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { label, ownLabels } from '../../containers/labels.ts';
import { buildWithProgram } from '../../engine/build-program.ts';
import type { Engine, EngineRef, PullProgress } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { withoutPointers } from '../../git/command.ts';
import { layOut } from '../../git/lay-out.ts';
import { openOwnRepository } from '../../git/own-repository.ts';
import { processes, run } from '../../host/process.ts';
import { needsHostNetwork, proxyArguments } from '../../images/build-env.ts';
import { describePull } from '../../images/pull-step.ts';
import type { Json, Step, StepContext, StepKind } from '../../operations/model.ts';
import { isMissing, makeDirectory } from '../../state/atomic.ts';
import { type Paths, releaseWork } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { LastLines } from './last-lines.ts';
import type { ReleaseRef } from './model.ts';
import { openSource, type Source } from './repository.ts';

/** What every step of a build names. */
export interface ReleaseStep extends Step, ReleaseRef {
  readonly service: string;
  readonly version: string;
}

export interface EngineStep extends ReleaseStep {
  readonly engine: EngineRef & { readonly [key: string]: Json };
}

export const treeOf = (paths: Paths, operation: string) => join(releaseWork(paths, operation), 'tree');
/** The name that an image has while its release is made. */
export const buildTag = (service: string, operation: string) => `slipway-release/${service}:building-${operation}`;

interface CheckOutStep extends ReleaseStep {
  readonly repository: string;
  readonly gitCommit: string;
}

/** Apart from the person's work tree, whose files, HEAD and index are only read. */
export const checkOut: StepKind = {
  do: 'release.check-out',
  describe: (step) =>
    `Check out ${(step as CheckOutStep).version} (${(step as CheckOutStep).gitCommit.slice(0, 12)}) of ${(step as CheckOutStep).repository} apart`,
  async apply(context, step) {
    const { app, operation } = context;
    const { repository, gitCommit: commit, version, service } = step as CheckOutStep;
    app.out.progress(`Checking out ${version} of ${service}`);
    const work = releaseWork(app.paths, operation);
    await removeTree(work);
    await makeDirectory(dirname(work));
    await mkdir(work, { mode: 0o700 });
    const caller = { env: app.env, signal: app.signal, onStart: (pid: number) => context.child(pid) };
    const source = await openSource(app, repository, async () => true);
    const open = (folder: string) => openOwnRepository(app.paths, folder, caller);
    const request = { repository: source.git, commit, dirty: false, temporary: join(work, 'made'), caller, open };
    const { folder } = await layOut(request).catch((error: unknown) => {
      throw withAdvice(error, source);
    });
    await rename(folder, treeOf(app.paths, operation));
  },
};

/** A bare copy has no submodules, and no work tree to get them into. */
function withAdvice(error: unknown, { mirrored, shown }: Source): unknown {
  if (!mirrored || !(error instanceof SlipwayError) || error.code !== 'E_SUBMODULE') return error;
  return new SlipwayError('E_SUBMODULE', error.message, {
    cause: error,
    hint: `Make a clone with its submodules (\`git clone --recurse-submodules ${shown}\`), and give its path with \`--repo\`.`,
  });
}

interface CommandStep extends EngineStep {
  readonly command: string;
  readonly gitCommit: string;
  /** What it has to leave. */
  readonly image: string;
}

/** The repository's own line, as the person, in the tree. */
export const runBuild: StepKind = {
  do: 'release.run-build',
  describe: (step) => `Run \`${(step as CommandStep).command}\` in the tree of ${(step as CommandStep).version}`,
  async apply(context, step) {
    const { app, operation } = context;
    const { command, service, version, gitCommit, image, engine: ref } = step as CommandStep;
    const tree = treeOf(app.paths, operation);
    const tail = new LastLines();
    app.out.progress(`Building ${service} ${version}`);
    const take = (chunk: Buffer) => {
      const text = tail.take(chunk);
      app.out.raw(text);
    };
    const end = await run(['/bin/sh', '-c', command], {
      cwd: tree,
      env: {
        ...withoutPointers(app.env),
        ...engineVariables(app.engineAt(ref)),
        // A repository around the cache is not the tree's.
        GIT_CEILING_DIRECTORIES: dirname(tree),
        SLIPWAY_SERVICE: service,
        SLIPWAY_VERSION: version,
        SLIPWAY_COMMIT: gitCommit,
        SLIPWAY_IMAGE: image,
      },
      signal: app.signal,
      onStart: (pid) => context.child(pid),
      onStdout: take,
      onStderr: take,
    });
    app.signal.throwIfAborted();
    if (end.exitCode === 0) return;
    const how = end.exitCode === undefined ? `was ended by ${end.signal}` : `ended with exit code ${end.exitCode}`;
    throw new SlipwayError('E_RELEASE_BUILD', `The build command of ${service} ${version} ${how}.`, {
      detail: tail.text(),
      hint: `Nothing of the release is left. The command was run in the tag's tree alone: \`${command}\`.`,
    });
  },
};

/** So that `docker` and `podman` build on the engine that the release's image is taken from. */
function engineVariables(engine: Engine): Readonly<Record<string, string | undefined>> {
  const host = { DOCKER_HOST: engine.endpoint, DOCKER_CONTEXT: undefined, SLIPWAY_ENGINE: engine.endpoint };
  return engine.kind === 'docker' ? host : { ...host, CONTAINER_HOST: engine.endpoint, CONTAINER_CONNECTION: undefined };
}

interface ImageStep extends EngineStep {
  readonly dockerfile: string;
}

export const buildImage: StepKind = {
  do: 'release.build-image',
  describe: (step) => `Build the image of ${(step as ImageStep).service} ${(step as ImageStep).version} from ${(step as ImageStep).dockerfile}`,
  async apply(context, step) {
    const { app, operation } = context;
    const { service, version, dockerfile, engine: ref } = step as ImageStep;
    const tree = treeOf(app.paths, operation);
    const proxies = proxyArguments(app.env);
    app.out.progress(`Building the image of ${service} ${version}`);
    await buildWithProgram(app.engineAt(ref), processes, {
      context: tree,
      dockerfile: await dockerfileIn(tree, dockerfile),
      tags: [buildTag(service, operation)],
      labels: { ...ownLabels(await app.installId(), operation, 'release', { service }), [label.version]: version },
      quietArgs: proxies,
      ...(needsHostNetwork(proxies) ? { network: 'host' } : {}),
      signal: app.signal,
      onProgress: (text) => app.out.raw(text),
      onStart: (pid) => context.child(pid),
    });
  },
};

/** Links resolved: one that leads out of the tree would build what nobody committed. */
async function dockerfileIn(tree: string, dockerfile: string): Promise<string> {
  const failed = (what: string) =>
    new SlipwayError('E_RELEASE_BUILD', `${dockerfile} ${what}.`, {
      hint: 'Name another one with `dockerfile` in .slipway/service.yml, or say there how the image comes to be (`build` and `image`); commit that, and tag the commit.',
    });
  const [top, found] = await Promise.all([
    realpath(tree),
    realpath(join(tree, dockerfile)).catch((cause: unknown) => {
      throw isMissing(cause) ? failed("is not in the tag's tree") : cause;
    }),
  ]);
  const path = relative(top, found);
  if (path === '..' || path.startsWith('../') || isAbsolute(path)) throw failed("is a link that leads out of the tag's tree");
  if (!(await stat(found)).isFile()) throw failed('is not a file');
  return path;
}

interface PullStep extends EngineStep {
  readonly image: string;
}

/** One that is on the engine is taken as it is. */
export const pullImage: StepKind = {
  do: 'release.pull-image',
  describe: (step) => `Pull ${(step as PullStep).image} unless it is there`,
  async apply(context: StepContext, step) {
    const { app } = context;
    const { image, engine: ref } = step as PullStep;
    const engine = app.engineAt(ref);
    if ((await engine.images.inspect(image, { signal: app.signal })) !== undefined) return;
    const layers = new Map<string, PullProgress>();
    await engine.images.pull(image, {
      signal: app.signal,
      onProgress: (progress) => {
        if (progress.layer !== undefined) layers.set(progress.layer, progress);
        app.out.progress(describePull(image, [...layers.values()], progress.status));
      },
    });
  },
};
