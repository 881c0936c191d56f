import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';
import { parseCount, parseNumber, parsePort, parseSeconds, parseSince } from '../option-values.ts';
import { registerSupervision } from './supervision-commands.ts';
import { registerUpdate } from './update-commands.ts';

export function register(program: Command, act: Act): void {
  const instance = program.command('instance').description('Instances: long-running services with health, update and rollback that keep their data.');

  instance
    .command('create <name>')
    .description("Deploy a service: this folder's repository, another one, or an image. It is started, and has to be well.")
    .option('--version <tag>', 'a git tag (default: the newest)')
    .option('--image <reference>', 'an image instead of a repository')
    .option('--repo <address>', "a repository's path or address (default: the one that this folder is in)")
    .option('--template <name>', 'opencode')
    .option('--config <file>', 'begin with a file that is like config.yml')
    .option('--port <number>', 'on this machine (default: the first free one from 8081 up)', parsePort)
    .option('--address <ip>', 'where the port is bound (default: 127.0.0.1)')
    .option('-e, --env <name=value...>', 'a variable for .env; NAME alone takes the value from the environment')
    .option('--health <path|command>', 'how to ask whether it is well: a path of its port, or a command line in its container')
    .option('--memory <size>', 'a limit such as 512m or 4g')
    .option('--cpus <number>', 'a limit such as 1.5', parseNumber)
    .option('--no-unit', 'install no service unit')
    .option('--no-start', 'make it and leave it stopped')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./create.ts')).create(call, name, options)));

  instance
    .command('start <name>')
    .description('Start an instance and wait until it is well. What differs from its configuration is shown, and applied once it is confirmed.')
    .option('-y, --yes', 'apply what differs without asking: the container is made anew')
    .option('--as-is', 'start the container that is there although its configuration differs')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./start.ts')).start(call, name, options)));

  instance
    .command('stop <name>')
    .description('Stop an instance gracefully. Its container, data and configuration stay.')
    .option('--timeout <seconds>', 'how long it may take before it is killed (default: its stop_timeout, 30)', parseSeconds)
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./stop.ts')).stop(call, name, options)));

  instance
    .command('restart <name>')
    .description('Stop and start the same container, and wait until it is well.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./restart.ts')).restart(call, name)));

  instance
    .command('status [name]')
    .description('Show an instance in detail, or all in a table. With -q nothing is printed: exit code 0 where they run well, 3 where one does not.')
    .option('-q, --quiet', 'tell by the exit code alone')
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./status.ts')).status(call, name, options)));

  instance
    .command('logs <name>')
    .description('Print what the service wrote, also before it was restarted or replaced.')
    .option('-f, --follow', 'go on, also when it is restarted or replaced, until it is stopped')
    .option('-n, --tail <lines>', 'only the last lines', parseCount)
    .option('--since <time>', 'only what is newer: a duration (10m, 2h) or a time (2026-11-21T08:00:00Z)', parseSince)
    .option('-t, --timestamps', 'with the time of each line')
    .action((name, options) => act({}, async (call) => (await import('./logs.ts')).logs(call, name, options)));

  instance
    .command('history <name>')
    .description('List the versions that an instance has had, oldest first.')
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./history.ts')).history(call, name)));

  instance
    .command('delete <name>')
    .alias('rm')
    .description('Remove an instance: container, unit, configuration and data.')
    .option('-f, --force', 'do not ask')
    .option('--keep-data', 'leave data/ where it is: a new instance of that name takes it over')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./delete.ts')).remove(call, name, options)));

  registerEnv(instance as unknown as Command, act);
  registerMount(instance as unknown as Command, act);
  registerUpdate(program, instance as unknown as Command, act);
  registerSupervision(program, instance as unknown as Command, act);
}

function registerEnv(instance: Command, act: Act): void {
  const env = instance.command('env').description("An instance's .env: variables and secrets, readable by you alone.");

  env
    .command('set <name> <variables...>')
    .description('Set variables: NAME=VALUE; NAME alone is asked for, hidden, or read from standard input.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, variables, options) => act(options, async (call) => (await import('./env.ts')).set(call, name, variables)));

  env
    .command('unset <name> <variables...>')
    .description('Take variables away.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, variables, options) => act(options, async (call) => (await import('./env.ts')).unset(call, name, variables)));

  env
    .command('list <name>')
    .alias('ls')
    .description("List variables: those of .env, and those of config.yml. The values of .env are shown as '***'.")
    .option('--reveal', 'show the values of .env')
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./env.ts')).list(call, name, options)));
}

function registerMount(instance: Command, act: Act): void {
  const mount = instance.command('mount').description("An instance's mounts beside its data, in config.yml.");

  mount
    .command('add <name> <mount>')
    .description('Add a mount: SOURCE:TARGET[:ro]. A source that is no path is the name of a volume.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, spec, options) => act(options, async (call) => (await import('./mount.ts')).add(call, name, spec)));

  mount
    .command('remove <name> <target>')
    .alias('rm')
    .description('Take a mount away, named by its target.')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((name, target, options) => act(options, async (call) => (await import('./mount.ts')).remove(call, name, target)));

  mount
    .command('list <name>')
    .alias('ls')
    .description("List all that is mounted, the instance's own folders too.")
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./mount.ts')).list(call, name)));
}
