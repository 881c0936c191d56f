import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { checkIdentifier, isIdentifier } from '../state/identifiers.ts';
import { nearest } from '../state/nearest.ts';
import { agentsDir, type Paths } from '../state/paths.ts';
import { readYamlCached } from '../state/yaml-cache.ts';
import { agentFromFile } from './from-file.ts';
import type { Agent, AgentDefinition } from './model.ts';
import { templatesDir } from './templates.ts';

export type AgentEntry =
  | { readonly name: string; readonly agent: Agent }
  | { readonly name: string; readonly agent?: never; readonly error: Error; readonly file: string };

/** Every agent by its name; a person's file wins over a built-in one. One broken file is an error: E_BAD_FILE. */
export async function readAgents(paths: Paths, templates: string = templatesDir()): Promise<ReadonlyMap<string, AgentDefinition>> {
  const agents = new Map<string, AgentDefinition>();
  for (const entry of await listAgents(paths, templates)) {
    if (entry.agent === undefined) throw entry.error;
    agents.set(entry.name, entry.agent.definition);
  }
  return agents;
}

/** One agent's file alone is read. Throws E_NO_AGENT, E_BAD_ID, E_BAD_FILE. */
export async function readAgent(paths: Paths, name: string, templates: string = templatesDir()): Promise<AgentDefinition> {
  return (await findAgent(paths, name, templates)).definition;
}

export async function findAgent(paths: Paths, name: string, templates: string = templatesDir()): Promise<Agent> {
  checkIdentifier('agent', name);
  const agent = (await readFileOf(paths, userFile(paths, name), name, 'user')) ?? (await readFileOf(paths, builtInFile(templates, name), name, 'built-in'));
  if (agent === undefined) throw noAgent(name, await listAgentNames(paths, templates));
  return agent;
}

/** Names of all agents, sorted, without reading their files. */
export async function listAgentNames(paths: Paths, templates: string = templatesDir()): Promise<readonly string[]> {
  const [own, builtIn] = await Promise.all([namesIn(agentsDir(paths)), namesIn(join(templates, 'agents'))]);
  return [...new Set([...own, ...builtIn])].sort();
}

/** Every agent; a broken file is an entry with its error. */
export async function listAgents(paths: Paths, templates: string = templatesDir()): Promise<readonly AgentEntry[]> {
  const own = new Set(await namesIn(agentsDir(paths)));
  return Promise.all(
    (await listAgentNames(paths, templates)).map(async (name): Promise<AgentEntry> => {
      try {
        return { name, agent: await findAgent(paths, name, templates) };
      } catch (error) {
        const file = own.has(name) ? userFile(paths, name) : builtInFile(templates, name);
        return { name, file, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
}

/** Throws E_NO_AGENT for the first name that no file describes. */
export async function checkAgentNames(paths: Paths, names: readonly string[], templates: string = templatesDir()): Promise<void> {
  const known = await listAgentNames(paths, templates);
  for (const name of names) {
    if (!known.includes(checkIdentifier('agent', name))) throw noAgent(name, known);
  }
}

const userFile = (paths: Paths, name: string) => join(agentsDir(paths), `${name}.yml`);
const builtInFile = (templates: string, name: string) => join(templates, 'agents', `${name}.yml`);

async function readFileOf(paths: Paths, file: string, name: string, source: Agent['source']): Promise<Agent | undefined> {
  const content = await readYamlCached(paths, `agent-${name}`, file, async () => (await import('./schema.ts')).checkedAgentSchema(name));
  return content && { definition: agentFromFile(name, content), source, file };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory))
      .filter((name) => name.endsWith('.yml'))
      .map((name) => name.slice(0, -'.yml'.length))
      .filter(isIdentifier);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw stateError('read', directory, cause);
  }
}

function noAgent(name: string, known: readonly string[]): SlipwayError {
  const near = nearest(name, known);
  return new SlipwayError('E_NO_AGENT', `There is no agent \`${name}\`.`, {
    hint: near
      ? `Did you mean \`${near}\`? \`slipway agent list\` shows all.`
      : `\`slipway agent list\` shows the agents; a file agents/${name}.yml in the configuration folder adds one.`,
  });
}
