import type { AgentPart } from './model.ts';

/** What agents are fine with where they say nothing, and what Debian 12 has. */
const oldest = 18;

/** The release line that is installed from npm where the distribution's Node.js is too old. */
const supported = 22;

/** The major version that all of these agents can use. `>=18`, `^20.1`, `22` are read by their first number. */
export function nodeMinimum(agents: readonly AgentPart[]): number {
  return Math.max(oldest, ...agents.map(({ node }) => Number(/\d+/.exec(node ?? '')?.[0] ?? oldest)));
}

export function nodeFallback(minimum: number): number {
  return Math.max(supported, minimum);
}
