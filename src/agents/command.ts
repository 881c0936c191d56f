import { SlipwayError } from '../errors.ts';
import type { AgentDefinition } from './model.ts';

export interface HeadlessCall {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** An agent's headless command with the prompt in place. Throws E_AGENT_HEADLESS where it has none. */
export function headlessCall(agent: AgentDefinition, prompt: string): HeadlessCall {
  if (agent.headless === undefined) {
    throw new SlipwayError('E_AGENT_HEADLESS', `The agent \`${agent.name}\` has no headless command.`, {
      hint: `Give its file a \`headless\` part (\`slipway agent show ${agent.name}\` tells which), or choose another with --agent.`,
    });
  }
  const { command, promptEnv } = agent.headless;
  return {
    // A function: `$&` in a prompt is the prompt's own.
    command: command.map((word) => word.replaceAll('{prompt}', () => prompt)),
    env: promptEnv === undefined ? {} : { [promptEnv]: prompt },
  };
}
