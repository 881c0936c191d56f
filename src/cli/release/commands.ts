import type { Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';

export function register(program: Command, _act: Act): void {
  program.command('release').description('Releases: immutable, verified builds of services.');
}
