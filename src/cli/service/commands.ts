import type { Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';

export function register(_program: Command, _act: Act): void {}
