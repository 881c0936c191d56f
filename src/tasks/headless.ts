import { headlessCall } from '../agents/command.ts';
import { readAgent } from '../agents/store.ts';
import { SlipwayError, usageError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { resolveProject } from '../projects/resolve.ts';

/** The kernel's limit for one argument is 128 KiB. */
const promptLimit = 120_000;

/** Throws where the agent is not one of the project's, cannot run headless, or the prompt cannot be an argument. */
export async function checkHeadless(app: App, project: string, agent: string, prompt: string): Promise<void> {
  if (prompt.trim() === '') throw usageError('The prompt is empty.', `Say what the agent is to do: \`slipway run ${project} "…"\`.`);
  if (Buffer.byteLength(prompt) > promptLimit || prompt.includes('\0')) {
    throw usageError('The prompt is too long for a command line.', 'Put the text into a file of the repository, and name that file in the prompt.');
  }
  const { agents } = await resolveProject(app.paths, project);
  if (!agents.includes(agent)) {
    throw new SlipwayError('E_NO_AGENT', `${agent} is not one of the agents of ${project} (${agents.join(', ') || 'none'}).`, {
      hint: 'Name one with --agent, or add it to `agents` of the project and build it.',
    });
  }
  headlessCall(await readAgent(app.paths, agent), prompt);
}
