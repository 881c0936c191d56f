import { SlipwayError } from '../../errors.ts';
import type { CreateObserved } from '../../instances/observe.ts';
import { type CreateRequest, type Draft, draftInstance } from '../../instances/draft.ts';
import type { SecretEnvironment } from '../../instances/env-file.ts';
import { withSecretsFile } from '../../instances/hand-over.ts';
import { type InstanceConfig, versionOf } from '../../instances/model.ts';
import { provideDraft } from '../../instances/provide.ts';
import { createInstance, startInstance } from '../../instances/verbs.ts';
import { change } from '../../operations/change.ts';
import type { Changed } from '../../operations/model.ts';
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
  const request: CreateRequest = { ...flags, name, repository: flags.repo, configFile: flags.config, cwd: process.cwd() };
  const draft = await draftInstance(app, request);
  const { address, requiredSecrets } = draft.config;
  const secrets = await askMissing(call, name, requiredSecrets, values);
  if (!/^(?:127\.|::1$)/.test(address)) app.out.warn(`${name} will answer at ${address}: whoever reaches this machine there reaches it.`);
  const { config, changed } = await make(call, request, draft, secrets);
  if (await printPlan(call, changed)) {
    if (flags.start) app.out.note(`Then it is started on port ${config.port}, and has to be well.`);
    return;
  }
  if (changed.before.kept) app.out.note(`The data that was kept of an earlier ${name} is its data now.`);
  if (flags.start) {
    await change(app, startInstance, { instance: name, asIs: true });
    if (flags.unit) await installUnit(call, name);
  }
  const version = versionOf(config);
  const text = flags.start ? runningLine(config) : `Instance ${name} is made (${version}). Start it with \`slipway instance start ${name}\`.`;
  const { digest } = changed.before;
  printResult(call, { id: name, version, state: flags.start ? 'running' : 'stopped', url: serviceUrl(config), port: config.port, digest }, text);
}

interface Made {
  readonly config: InstanceConfig;
  readonly changed: Changed<CreateObserved>;
}

/** How often another port is looked for where somebody else took the one that was free a moment ago. */
const mostPorts = 5;

async function make(call: Call, request: CreateRequest, first: Draft, secrets: SecretEnvironment): Promise<Made> {
  const { app } = call;
  let draft = first;
  for (let tries = 1; ; tries++) {
    const { release, ...wanted } = await provideDraft(app, draft);
    const { config } = draft;
    if (release === 'reused' && tries === 1 && !call.json) app.out.note(`Release ${versionOf(config)} is there already, and is used.`);
    if (release === 'built' && app.dryRun) app.out.note(`Release ${versionOf(config)} is built first.`);
    try {
      const changed = await withSecretsFile(app, secrets, (secretsFile) =>
        change(app, createInstance, { ...wanted, ...(secretsFile === undefined ? {} : { secretsFile }) }),
      );
      return { config, changed };
    } catch (error) {
      const taken = error instanceof SlipwayError && error.code === 'E_PORT_TAKEN';
      if (!taken || !draft.anyPort || tries === mostPorts) throw error;
      draft = await draftInstance(app, request);
    }
  }
}
