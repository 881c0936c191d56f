import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaults } from './defaults.ts';

/** What `project new` is asked for; the rest is left to the person and their editor. */
export interface NewProjectSettings {
  readonly repository?: string;
  readonly branch?: string;
  readonly human?: { readonly name?: string; readonly email?: string };
  readonly base?: string;
  readonly agents?: readonly string[];
  /** Dockerfile lines for L2. */
  readonly snippet?: string;
}

/** A new project.yml: what was asked for, and the other settings as comments to begin from. */
export async function renderProject(id: string, settings: NewProjectSettings, schema: string | undefined): Promise<string> {
  const { formatYaml } = await import('../state/yaml.ts');
  const part = async (comment: string, example: string, value: object | undefined) =>
    `# ${comment}\n${value === undefined ? `# ${example}` : (await formatYaml(value)).trimEnd()}\n`;
  const has = <K extends keyof NewProjectSettings>(key: K) => (settings[key] === undefined ? undefined : { [key]: settings[key] });
  const parts = [
    `id: ${id}\n`,
    await part(
      'Where workspaces come from: an SSH or HTTPS address, or an absolute path. No passwords here.',
      'repository: git@example.org:team/service.git',
      has('repository'),
    ),
    await part("The branch that a new workspace starts at. Default: the upstream's.", 'branch: main', has('branch')),
    await part('Whose name commits in workspaces carry.', 'human: { name: Ada Lovelace, email: ada@example.org }', has('human')),
    await part('The image that everything starts from.', `base: ${defaults.base}`, has('base')),
    await part('The agents of this project, where they should differ from those of config.yml.', `agents: [${defaults.agents.join(', ')}]`, agentsOf(settings)),
    await part(
      "Dockerfile lines for the project's own layer: packages, tools, languages.",
      'snippet: |\n#   RUN apt-get update && apt-get install -y python3',
      snippetOf(settings),
    ),
    await part('Variables of its containers. They are kept in plain text: no secrets here.', 'env: { TZ: Europe/Berlin }', undefined),
    await part('Ports of its containers, published on 127.0.0.1.', 'ports: [3000, "8080:80"]', undefined),
  ];
  const modeline = schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`;
  return `${modeline}# A project of Slipway. docs/reference/project.yml of Slipway explains every setting.\n${parts.join('\n')}`;
}

/** Ends of lines as Dockerfiles have them; so it is written as a block that can be read. */
function snippetOf({ snippet }: NewProjectSettings): object | undefined {
  return snippet === undefined ? undefined : { snippet: snippet.replaceAll('\r\n', '\n').replace(/\n+$/, '\n') };
}

/** The first that was asked for is the default one. */
function agentsOf({ agents }: NewProjectSettings): object | undefined {
  return agents === undefined ? undefined : { agents, default_agent: agents[0] };
}

/** The installed JSON Schema, for editors; `undefined` where its path would not last. */
export function installedSchema(templates: string, name: 'project' | 'config' | 'agent'): string | undefined {
  const file = join(dirname(templates), 'schemas', `${name}.schema.json`);
  return existsSync(file) && !/\s/.test(file) && !file.includes('/_npx/') ? file : undefined;
}
