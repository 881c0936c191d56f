import type { Agent } from '../../agents/model.ts';
import { findAgent } from '../../agents/store.ts';
import { type Call, printResult } from '../call.ts';

export async function show(call: Call, name: string): Promise<void> {
  const agent = await findAgent(call.app.paths, name);
  printResult(call, asJson(agent), textOf(agent));
}

/** Keys as in the agent's file; `null` where nothing is set. */
function asJson({ definition: agent, source, file }: Agent) {
  return {
    id: agent.name,
    label: agent.label,
    source,
    file,
    node: agent.node ?? null,
    install: agent.install,
    packages: agent.packages,
    version: agent.version,
    command: agent.command,
    headless: agent.headless === undefined ? null : { command: agent.headless.command, prompt_env: agent.headless.promptEnv ?? null },
    resume: agent.resume ?? null,
    env: agent.env,
    env_when_root: agent.envWhenRoot,
    credentials: agent.credentials ?? null,
    sign_in: agent.signIn ?? null,
    pass_env: agent.passEnv,
  };
}

function textOf({ definition: agent, source, file }: Agent): string {
  const pairs = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['id', [agent.name]],
    ['label', [agent.label]],
    ['file', [`${file} (${source})`]],
    ['node', agent.node === undefined ? ['not needed'] : [agent.node]],
    ['install', agent.install],
    ['version', [words(agent.version)]],
    ['command', [words(agent.command)]],
    ['headless', agent.headless === undefined ? ['no'] : [words(agent.headless.command)]],
    ['resume', agent.resume === undefined ? ['no'] : [words(agent.resume)]],
    ['env', pairs(agent.env)],
    ['as root', pairs(agent.envWhenRoot)],
    ['credentials', agent.credentials === undefined ? [] : [agent.credentials.mount, ...agent.credentials.files.map((path) => `~/${path}`)]],
    ['sign in', agent.signIn === undefined ? [] : [words(agent.signIn.command)]],
    ['passes on', agent.passEnv],
  ];
  return rows.flatMap(([key, values]) => values.map((value, index) => `${(index === 0 ? `${key}:` : '').padEnd(13)}${value}`)).join('\n');
}

/** A command as one would type it. */
function words(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
