import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { SlipwayError } from '../errors.ts';
import { buildAgain } from './build-again.ts';
import { abortError } from './errors.ts';
import type { Engine, Labels } from './model.ts';
import type { ProgramEnd, Programs } from './programs.ts';

export interface ProgramBuild {
  /** A directory: the context. */
  readonly context: string;
  /** Path in the context. Default `Dockerfile`. */
  readonly dockerfile?: string;
  readonly tags?: readonly string[];
  readonly labels?: Labels;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Arguments whose values may hold a password, as a proxy's address does: handed over in the environment, where no process list shows them. */
  readonly quietArgs?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly noCache?: boolean;
  readonly pull?: boolean;
  /** Ends the build program's process group. */
  readonly signal?: AbortSignal;
  /** The engine's own progress, of both streams, as it comes. */
  readonly onProgress?: (text: string) => void;
  /** The process group of the program, for the journal; it begins once this has settled. */
  readonly onStart?: (pid: number) => unknown;
}

/**
 * Builds with the engine's own program, or through the API where that is not installed, and gives the image's id.
 * E_IMAGE_BUILD with the last lines; E_BUILD_ELSEWHERE where the program built what this engine does not have.
 */
export function buildWithProgram(engine: Engine, programs: Programs, build: ProgramBuild): Promise<string> {
  return buildAgain(() => buildOnce(engine, programs, build));
}

async function buildOnce(engine: Engine, programs: Programs, build: ProgramBuild): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-build-'));
  try {
    const tail = lastLines();
    const files = { id: join(scratch, 'id'), ...(await labelledDockerfile(build, scratch)) };
    const end = await runBuild(engine, programs, build, files, tail.add);
    if (end === 'no-program') return await buildThroughApi(engine, build);
    if (build.signal?.aborted) throw abortError(build.signal, 'build an image');
    if (end.exitCode !== 0) {
      // A build that fails because nobody is there is the engine's failure.
      await engine.ping();
      const how = end.exitCode === undefined ? `ended by ${end.signal}` : `exit code ${end.exitCode}`;
      throw new SlipwayError('E_IMAGE_BUILD', `Cannot build ${build.tags?.[0] ?? 'the image'}: ${how}`, { detail: tail.text() });
    }
    const id = (await readFile(files.id, 'utf8')).trim();
    return await confirmed(engine, id, build);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface BuildFiles {
  /** Where the program writes the image's id. */
  readonly id: string;
  readonly dockerfile: string;
  /** Whether the labels are in it. */
  readonly labelled: boolean;
}

/**
 * Each `--label` becomes a line, and the classic builders make a container or an image of each line: one line of all takes a second
 * less. Not where the text could swallow it, or a label needs quoting.
 */
async function labelledDockerfile(build: ProgramBuild, scratch: string): Promise<Omit<BuildFiles, 'id'>> {
  const original = join(build.context, build.dockerfile ?? 'Dockerfile');
  const labels = Object.entries(build.labels ?? {});
  const text = await readFile(original, 'latin1').catch(() => undefined);
  const plain = labels.every((pair) => pair.every((part) => /^[\w.:@/+-]+$/.test(part)));
  if (labels.length === 0 || !plain || text === undefined || text.trim() === '' || /[\\`]\s*$/.test(text)) return { dockerfile: original, labelled: false };
  const dockerfile = join(scratch, 'Dockerfile');
  await writeFile(dockerfile, `${text}\nLABEL ${labels.map(([key, value]) => `${key}=${value}`).join(' ')}\n`, 'latin1');
  // BuildKit looks for it beside the Dockerfile.
  await copyFile(`${original}.dockerignore`, `${dockerfile}.dockerignore`).catch(() => {});
  return { dockerfile, labelled: true };
}

async function runBuild(
  engine: Engine,
  programs: Programs,
  build: ProgramBuild,
  files: BuildFiles,
  keep: (text: string) => void,
): Promise<ProgramEnd | 'no-program'> {
  const program = engine.program();
  let said = '';
  const take = (text: string) => {
    said = (said + text).slice(0, 2000);
    keep(text);
    build.onProgress?.(text);
  };
  const attempt = (env: typeof program.env) =>
    programs.run([...program.argv, ...buildArguments(engine.kind, build, files)], {
      // A builder of the person's own choice keeps its images to itself.
      env: { ...env, ...build.quietArgs, BUILDX_BUILDER: 'default' },
      onStdout: asText(take),
      onStderr: asText(take),
      ...(build.signal === undefined ? {} : { signal: build.signal }),
      ...(build.onStart === undefined ? {} : { onStart: build.onStart }),
    });
  try {
    const end = await attempt(program.env);
    // DOCKER_BUILDKIT=1 in the environment of a program that has no buildx. Slipway's layers do not need it.
    return end.exitCode !== 0 && /buildx component is missing/.test(said) ? await attempt({ ...program.env, DOCKER_BUILDKIT: '0' }) : end;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'E_NO_PROGRAM') return 'no-program';
    if (build.signal?.aborted) throw abortError(build.signal, 'build an image');
    throw error;
  }
}

/** A character may come in two chunks. */
function asText(take: (text: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  return (chunk) => take(decoder.write(chunk));
}

/** Exported for its test: a plain list, in a fixed order. */
export function buildArguments(kind: Engine['kind'], build: ProgramBuild, files: BuildFiles): readonly string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string>> = {}) => Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  return [
    'build',
    // Podman's own format drops HEALTHCHECK and SHELL.
    ...(kind === 'podman' ? ['--format', 'docker'] : ['--force-rm']),
    '--iidfile',
    files.id,
    '--file',
    files.dockerfile,
    ...(build.tags ?? []).flatMap((tag) => ['--tag', tag]),
    ...pairs('--label', files.labelled ? {} : build.labels),
    ...pairs('--build-arg', build.buildArgs),
    ...Object.keys(build.quietArgs ?? {}).flatMap((name) => ['--build-arg', name]),
    ...(build.network === undefined ? [] : ['--network', build.network]),
    ...(build.noCache ? ['--no-cache'] : []),
    ...(build.pull ? ['--pull'] : []),
    build.context,
  ];
}

async function buildThroughApi(engine: Engine, build: ProgramBuild): Promise<string> {
  const { packContext } = await import('./build-context.ts');
  const { context, dockerfile, onStart: _, quietArgs, ...rest } = build;
  return engine.images.build({
    ...rest,
    buildArgs: { ...rest.buildArgs, ...quietArgs },
    context: await packContext(context, dockerfile),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  });
}

async function confirmed(engine: Engine, id: string, build: ProgramBuild): Promise<string> {
  const image = await engine.images.inspect(id);
  if (image !== undefined) return image.id;
  throw new SlipwayError(
    'E_BUILD_ELSEWHERE',
    `${engine.program().argv[0]} built ${build.tags?.[0] ?? 'the image'}, but the engine at ${engine.endpoint} does not have it`,
    {
      hint: 'Its builder keeps images of its own, or talks to another engine. Run "slipway doctor" to see which engines there are.',
    },
  );
}

function lastLines(count = 30): { readonly add: (text: string) => void; readonly text: () => string } {
  let kept = '';
  return {
    add: (text) => {
      kept = (kept + text).slice(-16_384);
    },
    text: () => kept.trimEnd().split(/\r?\n/).slice(-count).join('\n'),
  };
}
