import { draftInstance } from '../../instances/draft.ts';
import { withSecretsFile } from '../../instances/hand-over.ts';
import { versionOf } from '../../instances/model.ts';
import { provideDraft } from '../../instances/provide.ts';
import { createInstance, startInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import { type Call, printPlan, printResult } from '../call.ts';
import { installUnit } from './install-unit.ts';
import { runningLine, serviceUrl } from './running.ts';
import { askMissing, fromEnvironment, readVariables } from './secrets.ts';

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
  const secrets = await askMissing(call, name, config.requiredSecrets, values);
  if (!/^(?:127\.|::1$)/.test(config.address)) app.out.warn(`${name} will answer at ${config.address}: whoever reaches this machine there reaches it.`);
  const { release, ...wanted } = await provideDraft(app, draft);
  if (release === 'reused' && !call.json) app.out.note(`Release ${versionOf(config)} is there already, and is used.`);
  if (release === 'built' && app.dryRun) app.out.note(`Release ${versionOf(config)} is built first.`);
  const changed = await withSecretsFile(app, secrets, (secretsFile) =>
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
