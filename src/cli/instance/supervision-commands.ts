import type { Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';

/** `instance install`, `instance uninstall`; `supervise` at the top. */
export function registerSupervision(_program: Command, _instance: Command, _act: Act): void {}
