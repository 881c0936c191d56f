import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';

/** `instance update`, `instance rollback`. */
export function registerUpdate(_program: Command, instance: Command, act: Act): void {
  instance
    .command('update [name]')
    .description(
      'Put another version in its place, with all of its configuration. It is prepared while the old one serves; where it does not get and stay well, the old one serves again.',
    )
    .option('--all', 'every instance, one after the other; goes on past one that fails')
    .option('--version <version>', "a version of its service, or another tag of its image (default: the newest tag of its service's repository)")
    .option('--image <reference>', 'another image')
    .option('--pull', 'pull the image first, also where one of that name is here')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./update.ts')).update(call, name, options)));

  instance
    .command('rollback <name> [version]')
    .description('Go back to the version that ran before, or to one that ran earlier. The data stays as it is.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, version, options) => act(options, async (call) => (await import('./rollback.ts')).rollback(call, name, version)));
}
