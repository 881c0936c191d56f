import { checkPlace, type CreateWanted } from '../../instances/create.ts';
import { type Draft, draftInstance } from '../../instances/draft.ts';
import { provideImage } from '../../instances/image.ts';
import { versionOf } from '../../instances/model.ts';
import { releaseTag } from '../../instances/releases/load.ts';
import { ensureRelease } from '../../instances/releases/ensure.ts';
import { createInstance, startInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { installUnit } from './install-unit.ts';
import { runningLine, serviceUrl } from './running.ts';
import { askMissing, fromEnvironment, readVariables, withSecretsFile } from './secrets.ts';

export interface CreateFlags {
  readonly version?: string | undefined;
  readonly image?: string | undefined;
  readonly repo?: string | undefined;
  readonly template?: string | undefined;
  readonly config?: string | undefined;
  readonly port?: number | undefined;
  readonly address?: string | undefined;
  readonly env?: readonly string[] | undefined;
  readonly health?: string | undefined;
  readonly memory?: string | undefined;
  readonly cpus?: number | undefined;
  /** `--no-unit` */
  readonly unit: boolean;
  /** `--no-start` */
  readonly start: boolean;
}

export async function create(call: Call, name: string, flags: CreateFlags): Promise<void> {
  const { app } = call;
  const values = await readVariables(flags.env ?? [], async (variable) => fromEnvironment(call, variable));
  const draft = await draftInstance(app, { ...flags, name, repository: flags.repo, configFile: flags.config, cwd: process.cwd() });
  const { config } = draft;
  await checkPlace(app, config);
  const secrets = await askMissing(call, name, config.requiredSecrets, values);
  if (!/^(?:127\.|::1$)/.test(config.address)) app.out.warn(`${name} will answer at ${config.address}: whoever reaches this machine there reaches it.`);
  const wanted = await provide(call, draft);
  const changed = await withSecretsFile(call, secrets, (secretsFile) =>
    change(app, createInstance, { ...wanted, ...(secretsFile === undefined ? {} : { secretsFile }) }),
  );
  if (await printPlan(call, changed)) {
    if (flags.start) app.out.note(`Then it is started on port ${config.port}, and has to be well.`);
    return;
  }
  if (changed.before.kept) app.out.note(`The data that was kept of an earlier ${name} is its data now.`);
  if (flags.start) {
    await change(app, startInstance, { instance: name, asIs: true });
    if (flags.unit) await installUnit(call, name);
  }
  const text = flags.start ? runningLine(config) : `Instance ${name} is made (${versionOf(config)}). Start it with \`slipway instance start ${name}\`.`;
  const url = serviceUrl(config);
  printResult(call, { id: name, version: versionOf(config), state: flags.start ? 'running' : 'stopped', url, port: config.port, digest: wanted.digest }, text);
}

/** Builds or reuses the release, or pulls the image: after everything that can be wrong has been looked at. */
async function provide(call: Call, { config, release: wanted }: Draft): Promise<CreateWanted> {
  const { app } = call;
  const engine = app.engineAt(config.engine);
  if (wanted === undefined) {
    const reference = 'image' in config.source ? config.source.image : '';
    const image = app.dryRun
      ? ((await engine.images.inspect(reference, { signal: app.signal }))?.id ?? reference)
      : await provideImage(app, engine, config.source);
    return { config, image, digest: image };
  }
  const { release, reused } = await ensureRelease(app, wanted);
  if (release === undefined) {
    app.out.note(`Release ${wanted.version} of ${wanted.service} is built first.`);
    return { config, ...(config.kind === 'process' ? {} : { image: `${wanted.service}:${wanted.version}` }), digest: '' };
  }
  if (reused && !call.json) app.out.note(`Release ${wanted.version} of ${wanted.service} is there already, and is used.`);
  const image = app.dryRun ? releaseTag(release) : await provideImage(app, engine, config.source);
  return config.kind === 'process' ? { config, digest: release.digest } : { config, image, digest: image };
}
