import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownLabels } from '../containers/labels.ts';
import { SlipwayError } from '../errors.ts';
import { run } from '../host/process.ts';
import type { Step, StepContext, StepKind } from '../operations/model.ts';
import type { BootstrapBase } from '../projects/model.ts';
import type { Env } from '../state/paths.ts';

interface BootstrapStep extends Step {
  readonly tag: string;
  readonly base: BootstrapBase & Record<string, never>;
}

/** Makes a base image from the distribution's packages, where no registry can be reached. */
export const bootstrapBase: StepKind = {
  do: 'image.bootstrap',
  describe: (step) => {
    const { tag, base } = step as BootstrapStep;
    return `Make the base image ${tag} from packages of ${base.bootstrap} ${base.suite}`;
  },
  async apply(context, step) {
    const { tag, base } = step as BootstrapStep;
    const { app, operation } = context;
    const engine = await app.engine();
    const archive = bootstrapArchive(app.paths.cache, operation);
    try {
      await mkdir(app.paths.cache, { recursive: true });
      app.out.note(bootstrapBase.describe(step));
      await makeArchive(context, base, archive);
      const labels = ownLabels(await app.installId(), operation, 'layer', { layer: 'base' });
      await engine.images.import(createReadStream(archive), tag, {
        changes: ['CMD ["/bin/sh"]', ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${value}`)],
        signal: app.signal,
      });
    } finally {
      await rm(archive, { force: true });
    }
  },
};

/** Also removed by recovery, where the program died in between. */
export function bootstrapArchive(cache: string, operation: string): string {
  return join(cache, `bootstrap-${operation}.tar`);
}

async function makeArchive({ app, child }: StepContext, base: BootstrapBase, archive: string): Promise<void> {
  const argv = bootstrapArgv(base, archive, {
    root: app.person.uid === 0,
    mirror: await hostMirror(base.bootstrap),
    proxy: app.env.http_proxy || app.env.HTTP_PROXY || (await aptProxy(app.env)),
  });
  let tail = '';
  const show = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    tail = (tail + text).slice(-4_000);
    app.out.raw(text);
  };
  const end = await run(argv, { env: app.env, signal: app.signal, onStdout: show, onStderr: show, onStart: child }).catch((cause: unknown) => {
    if (!(cause instanceof SlipwayError) || cause.code !== 'E_NO_PROGRAM') throw cause;
    throw new SlipwayError('E_BOOTSTRAP', 'A base image is made from packages with mmdebstrap, which is not installed.', {
      cause,
      hint: 'Install it: apt-get install mmdebstrap',
    });
  });
  app.signal.throwIfAborted();
  if (end.exitCode === 0) return;
  throw new SlipwayError('E_BOOTSTRAP', `mmdebstrap could not make ${base.bootstrap} ${base.suite} (exit code ${end.exitCode ?? end.signal}).`, {
    hint: 'Check the suite’s name and whether the distribution’s package server can be reached.',
    detail: tail.trimEnd().split('\n').slice(-10).join('\n'),
  });
}

export interface BootstrapHost {
  readonly root: boolean;
  /** Package server of the host, where it has the same distribution. */
  readonly mirror: string | undefined;
  readonly proxy: string | undefined;
}

/** Pure, for its test. */
export function bootstrapArgv(base: BootstrapBase, archive: string, host: BootstrapHost): readonly string[] {
  return [
    'mmdebstrap',
    `--mode=${host.root ? 'root' : 'unshare'}`,
    '--variant=minbase',
    `--include=${['ca-certificates', ...base.packages].join(',')}`,
    `--components=${(base.components.length > 0 ? base.components : base.bootstrap === 'ubuntu' ? ['main', 'universe'] : ['main']).join(',')}`,
    '--format=tar',
    ...(host.proxy === undefined || host.proxy === '' ? [] : [`--aptopt=Acquire::http::Proxy "${host.proxy}"`]),
    base.suite,
    archive,
    ...(host.mirror === undefined ? [] : [host.mirror]),
  ];
}

/** Where the host itself gets packages of this distribution, such as a mirror of a company; `undefined`: the distribution's own servers. */
async function hostMirror(distribution: string): Promise<string | undefined> {
  const texts = await Promise.all((await sourceFiles()).map((file) => readFile(file, 'utf8').catch(() => '')));
  return mirrorIn(texts.join('\n'), distribution);
}

/** The first address of apt's sources that ends in the distribution's name. The distribution's own servers count as none: then security updates come along. */
export function mirrorIn(sources: string, distribution: string): string | undefined {
  const lines = sources.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const addresses = lines.flatMap((line) => line.match(/https?:\/\/\S+/g) ?? []).map((address) => address.replace(/\/+$/, ''));
  // `https://download.docker.com/linux/debian` is no mirror of Debian.
  const place = new RegExp(`^https?://[^/]+(/pub|/mirrors?)?/${distribution}$`);
  const mirror = addresses.find((address) => place.test(address));
  return mirror === undefined || /\/\/(deb\.debian\.org|archive\.ubuntu\.com|ports\.ubuntu\.com)\//.test(`${mirror}/`) ? undefined : mirror;
}

async function sourceFiles(): Promise<readonly string[]> {
  const directory = '/etc/apt/sources.list.d';
  const names = await readdir(directory).catch(() => []);
  return ['/etc/apt/sources.list', ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(directory, name))];
}

async function aptProxy(env: Env): Promise<string | undefined> {
  const end = await run(['apt-config', 'dump', '--format=%v%n', 'Acquire::http::Proxy'], { env, timeoutMs: 5_000 }).catch(() => undefined);
  return end?.exitCode === 0 ? end.stdout.trim() || undefined : undefined;
}
