/** What holds where neither project.yml nor config.yml says otherwise. */
export const defaults = {
  base: 'ubuntu:24.04',
  agents: ['claude', 'codex', 'opencode'],
  defaultAgent: 'claude',
  hardening: 'standard',
  shutdownTimeoutSeconds: 10,
  pids: 4096,
} as const;
