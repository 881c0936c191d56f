import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { run } from '../../host/process.ts';
import type { Json, StepKind } from '../../operations/model.ts';
import { makeDirectory, stateError, syncDirectory } from '../../state/atomic.ts';
import { releaseDir, releaseDraft, releaseWork, serviceReleasesDir } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { buildTag, type EngineStep, type ReleaseStep, treeOf } from './build-steps.ts';
import { copyFiles as copyTo } from './copy-files.ts';
import { serviceFromFile } from './from-file.ts';
import { releaseTag } from './load.ts';
import type { ServiceFile } from './schema.ts';
import { filesName, imageName, readDraftDigest, readReleaseIfAny, writeManifest } from './store.ts';
import { readContents } from './verify.ts';

interface SaveStep extends EngineStep {
  /** Absent: the one that was built from a Dockerfile. */
  readonly image?: string;
}

/** By its id: an archive that is loaded elsewhere gives nobody else's name to it. */
export const saveImage: StepKind = {
  do: 'release.save-image',
  describe: (step) => `Save the image of ${(step as SaveStep).service} ${(step as SaveStep).version}`,
  async apply({ app, operation }, step) {
    const { service, version, image, engine: ref } = step as SaveStep;
    const engine = app.engineAt(ref);
    const reference = image ?? buildTag(service, operation);
    const found = await engine.images.inspect(reference, { signal: app.signal });
    if (found === undefined) throw noImage(engine, reference);
    app.out.progress(`Saving the image of ${service} ${version}`);
    const draft = releaseDraft(app.paths, service, operation);
    const file = join(draft, imageName);
    try {
      await makeDirectory(draft);
      await pipeline(await engine.images.save([found.id], { signal: app.signal }), createWriteStream(file, { mode: 0o444 }), { signal: app.signal });
    } catch (cause) {
      if (app.signal.aborted || cause instanceof SlipwayError) throw cause;
      throw stateError('write', file, cause);
    }
  },
};

function noImage(engine: Engine, reference: string): SlipwayError {
  return new SlipwayError('E_RELEASE_BUILD', `The build left no image ${reference} on the engine at ${engine.endpoint}.`, {
    hint: 'The command is given SLIPWAY_IMAGE, the name to build it by, and DOCKER_HOST (for Podman CONTAINER_HOST too), the engine to build it on.',
  });
}

interface CopyStep extends ReleaseStep {
  readonly files: readonly string[];
}

export const copyFiles: StepKind = {
  do: 'release.copy-files',
  describe: (step) => ((step as CopyStep).files.length === 0 ? 'Copy no files' : `Copy ${(step as CopyStep).files.join(', ')}`),
  async apply({ app, operation }, step) {
    const { service, files } = step as CopyStep;
    app.out.progress('Copying files');
    await copyTo(treeOf(app.paths, operation), files, join(releaseDraft(app.paths, service, operation), filesName), app.signal);
  },
};

interface SealStep extends EngineStep {
  readonly repository: string;
  readonly gitCommit: string;
  /** What service.yml says. */
  readonly definition: Json;
}

/** Looks at what was put together as `release verify` does, and writes the manifest of what it found. */
export const seal: StepKind = {
  do: 'release.seal',
  describe: () => 'Write the manifest with the checksum of every file',
  async apply({ app, operation }, step) {
    const { service, version, repository, gitCommit, engine } = step as SealStep;
    // Journaled as it was checked when the build was planned.
    const definition = step.definition as unknown as ServiceFile;
    app.out.progress('Writing the manifest');
    const draft = releaseDraft(app.paths, service, operation);
    const { files, imageDigest, problems } = await readContents(draft, serviceFromFile(definition, service), app.signal);
    if (problems.length > 0 || imageDigest === undefined) throw notWhole({ service, version }, problems);
    const builtAt = app.clock.now().toISOString();
    await writeManifest(draft, {
      service,
      version,
      built_at: builtAt,
      git_commit: gitCommit,
      repository,
      image_digest: imageDigest,
      built_on: engine,
      definition,
      files,
    });
    await settleOnDisk(draft);
  },
};

function notWhole({ service, version }: Pick<ReleaseStep, 'service' | 'version'>, problems: readonly string[]): SlipwayError {
  return new SlipwayError('E_RELEASE_BUILD', `The build of ${service} ${version} made no whole release: ${problems[0] ?? 'there is no image'}.`, {
    ...(problems.length > 1 ? { detail: problems.join('\n') } : {}),
    hint: 'What `required_files` names has to be among `files`, and there after the build; correct .slipway/service.yml or the build, commit that, and tag the commit.',
  });
}

/** One call for thousands of files; where there is no such program the checksums tell what a power cut took. */
async function settleOnDisk(folder: string): Promise<void> {
  await run(['sync', '-f', folder]).catch(() => {});
}

/** The built image keeps a name, so that it need not be loaded from the archive here. The tree is not needed any more. */
export const tidy: StepKind = {
  do: 'release.tidy',
  describe: () => 'Remove the tree',
  async apply(context, step) {
    const { app, operation } = context;
    const { service, version, engine: ref, image } = step as SaveStep;
    const engine = app.engineAt(ref);
    const draft = await readDraftDigest(app.paths, service, operation);
    if (image === undefined && draft !== undefined) {
      const built = await engine.images.inspect(buildTag(service, operation), { signal: app.signal });
      if (built !== undefined && built.id === draft.imageDigest) await engine.images.tag(built.id, releaseTag({ service, version, digest: draft.digest }));
    }
    await untag(engine, buildTag(service, operation));
    await removeTree(releaseWork(app.paths, operation));
  },
};

/** The last step, by which it is there: whoever sees a release sees a whole one. */
export const publish: StepKind = {
  do: 'release.publish',
  describe: (step) => `Publish ${(step as ReleaseStep).service} ${(step as ReleaseStep).version}`,
  async apply({ app, operation }, step) {
    const { service, version } = step as ReleaseStep;
    const directory = releaseDir(app.paths, service, version);
    try {
      await rename(releaseDraft(app.paths, service, operation), directory);
      await syncDirectory(serviceReleasesDir(app.paths, service));
    } catch (cause) {
      throw stateError('write', directory, cause);
    }
  },
  /** The draft is gone by nothing else. */
  async isDone({ app, operation }, step) {
    const { service, version } = step as ReleaseStep;
    return (await readDraftDigest(app.paths, service, operation)) === undefined && (await readReleaseIfAny(app.paths, { service, version })) !== undefined;
  },
};

export const discard: StepKind = {
  do: 'release.discard',
  describe: (step) => `Remove what was made of ${(step as EngineStep).service} ${(step as EngineStep).version}`,
  async apply({ app, operation }, step) {
    const { service, version, engine: ref } = step as EngineStep;
    const draft = await readDraftDigest(app.paths, service, operation);
    await removeTree(releaseWork(app.paths, operation));
    await removeTree(releaseDraft(app.paths, service, operation));
    const engine = app.engineAt(ref);
    await untag(engine, buildTag(service, operation));
    if (draft !== undefined) await untag(engine, releaseTag({ service, version, digest: draft.digest }));
  },
};

/** Takes a name of ours off an image; one that something runs keeps it. */
export async function untag(engine: Engine, reference: string): Promise<void> {
  await engine.images.remove(reference).catch((error: unknown) => {
    if (!(error instanceof SlipwayError) || error.code !== 'E_IN_USE') throw error;
  });
}
