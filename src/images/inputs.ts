import type { Agent } from '../agents/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import type { BootstrapBase, ResolvedProject } from '../projects/model.ts';
import { hostCertificates } from './host-ca.ts';
import type { AgentPart, LayerInputs } from './model.ts';
import { bootstrapTag } from './names.ts';
import { readEntryScripts, readSetupScripts } from './templates.ts';

/** Reads everything that a project's layers are rendered from. Asks no engine. */
export async function readLayerInputs(app: App, project: ResolvedProject, agents: ReadonlyMap<string, Agent>): Promise<LayerInputs> {
  const [setup, entry, hostCa] = await Promise.all([readSetupScripts(), readEntryScripts(), hostCertificates(project.trustHostCa, app.env)]);
  return {
    ...baseOf(project),
    setup,
    entry,
    hostCa,
    agents: project.agents.map((name) => agentPart(project, agents, name)),
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

function agentPart(project: ResolvedProject, agents: ReadonlyMap<string, Agent>, name: string): AgentPart {
  const agent = agents.get(name);
  if (agent) return { name, node: agent.definition.node, install: agent.definition.install };
  throw new SlipwayError('E_NO_AGENT', `Project ${project.id} asks for the agent ${name}, and there is no definition of it.`, {
    hint: `Known agents: ${[...agents.keys()].join(', ')}. \`slipway agent list\` shows where each is defined.`,
  });
}
