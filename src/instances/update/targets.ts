import { SlipwayError, usageError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { nearest } from '../../state/nearest.ts';
import { readHistory } from '../history.ts';
import { type HistoryEntry, type InstanceConfig, type InstanceSource, versionOf } from '../model.ts';
import { readInstanceState } from '../store.ts';

export interface Target {
  readonly source: InstanceSource;
  /** Its image's id, where the history knows it. */
  readonly image?: string;
}

export interface UpdateFlags {
  readonly version?: string | undefined;
  readonly image?: string | undefined;
  readonly pull?: boolean | undefined;
}

/**
 * What an update goes to. Of a service: the release of that version, or of the newest tag, which is built where it is not there; of an
 * image: that reference, or the same name with another tag. Throws what `ensureRelease` and a pull throw.
 */
export async function updateTarget(app: App, config: InstanceConfig, flags: UpdateFlags): Promise<Target> {
  const { version, image, pull } = flags;
  if (version !== undefined && image !== undefined) throw usageError('--version and --image cannot be used together.');
  if (image === undefined && 'release' in config.source) return releaseTarget(app, config, config.source.release, version);
  const current = 'image' in config.source ? config.source.image : '';
  const reference = image ?? (version === undefined ? current : withTag(current, version));
  if (pull && !app.dryRun) return { source: { image: reference }, image: await pullNewest(app, config, reference) };
  return { source: { image: reference } };
}

async function releaseTarget(
  app: App,
  config: InstanceConfig,
  current: { readonly service: string; readonly version: string },
  version: string | undefined,
): Promise<Target> {
  const { ensureRelease } = await import('../releases/ensure.ts');
  const { readReleaseIfAny } = await import('../releases/store.ts');
  const repository = config.repository ?? (await readReleaseIfAny(app.paths, current))?.repository;
  if (repository === undefined) {
    throw new SlipwayError('E_NO_REPOSITORY', `Nobody says where versions of ${current.service} are built from.`, {
      hint: `Give the config.yml of ${config.name} \`repository\`: a path or an address.`,
    });
  }
  const { ref, reused } = await ensureRelease(app, { repository, service: current.service, version });
  if (app.dryRun && !reused) app.out.note(`Release ${ref.version} is built first.`);
  return { source: { release: ref } };
}

/** `repo:tag`, `host:5000/repo`, `repo@sha256:…` with another tag. */
export function withTag(reference: string, tag: string): string {
  const name = reference.replace(/@sha256:[0-9a-f]+$/, '');
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return `${colon < 0 ? name : name.slice(0, colon)}:${tag}`;
}

async function pullNewest(app: App, config: InstanceConfig, reference: string): Promise<string> {
  app.out.progress(`Pull ${reference}`);
  return app.engineAt(config.engine).images.pull(reference, { signal: app.signal });
}

/** What a rollback goes to: the version named, or the last other one that ran. Versions whose update failed never ran well. */
export async function rollbackTarget(app: App, config: InstanceConfig, version?: string): Promise<Target> {
  const [history, { digest }] = await Promise.all([readHistory(app.paths, config.name), readInstanceState(app.paths, config.name)]);
  const ran = history.filter(({ outcome }) => outcome !== 'update-failed');
  const entry = version === undefined ? ran.findLast((one) => one.imageDigest !== digest) : ran.findLast((one) => one.version === version);
  if (entry === undefined) throw noTarget(config, ran, version);
  return { source: sourceOf(config, entry), ...(config.kind === 'process' ? {} : { image: entry.imageDigest }) };
}

function sourceOf(config: InstanceConfig, { version }: HistoryEntry): InstanceSource {
  return 'release' in config.source ? { release: { service: config.source.release.service, version } } : { image: version };
}

function noTarget(config: InstanceConfig, ran: readonly HistoryEntry[], version: string | undefined): SlipwayError {
  const { name } = config;
  if (version === undefined) {
    return new SlipwayError('E_NO_ROLLBACK', `${name} has run no other version than ${versionOf(config)}.`, {
      hint: `\`slipway instance history ${name}\` shows what ran; \`slipway instance update ${name} --version VERSION\` goes to any version.`,
    });
  }
  const near = nearest(version, [...new Set(ran.map((one) => one.version))]);
  return new SlipwayError('E_NO_ROLLBACK', `${name} has never run ${version}.`, {
    hint: `${near === undefined ? '' : `Did you mean \`${near}\`? `}\`slipway instance history ${name}\` shows what ran; \`slipway instance update ${name} --version ${version}\` goes there all the same.`,
  });
}
