import type { ContainerSpec } from '../engine/model.ts';

export type Hardening = 'standard' | 'strict';

/**
 * What real work (git, npm, apt) needs of root's capabilities: taking over files and changing users. KILL is for the init
 * process: root's without it may not pass a stop's TERM on to `dev`'s programs (decision 003).
 */
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'] as const;

/** The default seccomp profile stays on. `strict` also switches setuid programs, `sudo` among them, off. */
export function hardening(level: Hardening): Pick<ContainerSpec, 'capDrop' | 'capAdd' | 'securityOpt' | 'init'> {
  return {
    init: true,
    capDrop: ['ALL'],
    capAdd: capabilities,
    ...(level === 'strict' ? { securityOpt: ['no-new-privileges'] } : {}),
  };
}
