import { readAgent } from '../agents/store.ts';
import type { App } from '../operations/model.ts';
import type { BootstrapBase, ResolvedProject } from '../projects/model.ts';
import { hostCertificates } from './host-ca.ts';
import type { LayerInputs } from './model.ts';
import { bootstrapTag } from './names.ts';
import { readEntryScripts, readSetupScripts } from './templates.ts';

/** Reads everything that a project's layers are rendered from. Asks no engine. A broken file of an agent that the project has not is no concern of it. */
export async function readLayerInputs(app: App, project: ResolvedProject): Promise<LayerInputs> {
  const agents = await Promise.all(project.agents.map((name) => readAgent(app.paths, name)));
  return {
    ...baseOf(project),
    setup: readSetupScripts(),
    entry: readEntryScripts(),
    hostCa: hostCertificates(project.trustHostCa, app.env),
    agents: agents.map(({ name, node, install }) => ({ name, node, install })),
    ownAgents: project.ownAgents,
    project: project.id,
    repository: project.repository,
    branch: project.branch,
    env: project.env,
    snippet: project.snippet,
    network: project.build.network,
  };
}

/** The base's reference: of a bootstrapped one, the name that it gets. */
export function baseOf({ base }: ResolvedProject): { readonly base: string; readonly bootstrap: BootstrapBase | undefined } {
  return typeof base === 'string' ? { base, bootstrap: undefined } : { base: bootstrapTag(base), bootstrap: base };
}
