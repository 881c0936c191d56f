import { type Command, Option } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';

/** `instance install`, `instance uninstall`; `supervise` at the top. */
export function registerSupervision(program: Command, instance: Command, act: Act): void {
  instance
    .command('install <name>')
    .description('Install a service unit (systemd, launchd) that keeps the instance running and brings it back after a reboot.')
    .addOption(new Option('--user', 'a unit of your own (default for everybody but root)').conflicts('system'))
    .addOption(new Option('--system', "a unit of the system (root's default)").conflicts('user'))
    .option('-y, --yes', 'let units of yours live on after you have logged out, without asking')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./install.ts')).install(call, name, options)));

  instance
    .command('uninstall <name>')
    .description("Remove the instance's service unit. The instance runs on.")
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./install.ts')).uninstall(call, name)));

  program
    .command('supervise [name]')
    .description(
      'Keep an instance running in the foreground: what its unit does where it has one. Without a name, all instances that have no unit. Exits 75 where one has failed.',
    )
    // It settles what was cut off by itself, while it looks after the instance.
    .action((name) => act({}, async (call) => (await import('./supervise.ts')).superviseInstances(call, name), { recover: false, revive: false }));
}
