import type { AgentDefinition } from './model.ts';
import type { AgentFile } from './schema.ts';

/** The checked content of agents/<name>.yml, as the rest of Slipway reads it. */
export function agentFromFile(name: string, file: AgentFile): AgentDefinition {
  return {
    name,
    label: file.label ?? name,
    node: file.node,
    install: file.install,
    packages: file.packages ?? [],
    version: file.version,
    command: file.command,
    headless: file.headless && { command: file.headless.command, promptEnv: file.headless.prompt_env },
    resume: file.resume,
    env: texts(file.env),
    envWhenRoot: texts(file.env_when_root),
    credentials: file.credentials && {
      directory: file.credentials.directory,
      files: file.credentials.files ?? [],
      mount: file.credentials.mount ?? `~/${file.credentials.directory}`,
    },
    signIn: file.sign_in,
    passEnv: file.pass_env ?? [],
  };
}

function texts(values: AgentFile['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}
