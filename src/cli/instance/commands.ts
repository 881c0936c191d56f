import type { Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';
import { registerSupervision } from './supervision-commands.ts';
import { registerUpdate } from './update-commands.ts';

export function register(program: Command, act: Act): void {
  const instance = program.command('instance').description('Instances: long-running services with health, update and rollback that keep their data.');
  registerUpdate(program, instance as unknown as Command, act);
  registerSupervision(program, instance as unknown as Command, act);
}
