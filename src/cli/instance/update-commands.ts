import type { Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';

/** `instance update`, `instance rollback`. */
export function registerUpdate(_program: Command, _instance: Command, _act: Act): void {}
