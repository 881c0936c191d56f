import type { Command } from '@commander-js/extra-typings';
import { type Act, dryRunFlag, jsonFlag } from '../act.ts';
import { parsePort } from '../option-values.ts';

export function register(program: Command, act: Act): void {
  program
    .command('up')
    .description("Make sure that OpenCode's server runs: its volumes, its container, healthy. Makes and starts only what is needed.")
    .option('--port <port>', 'on the host (default: 3000)', parsePort)
    .option('--bind <address>', 'address on the host; anything but loopback lets others in, and is asked for (default: 127.0.0.1)')
    .option('-e, --env <name=value...>', 'a variable for the server; NAME alone takes the value from the environment')
    .option('--image <reference>', 'image of the container (default: the one that was built here, else the published one)')
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./up.ts')).up(call, options)));

  program
    .command('down')
    .description("Stop OpenCode's server and remove its container. Its volumes stay, and with them sessions, projects and settings.")
    .option('--volumes', 'remove the volumes too, with everything in them')
    .option('-y, --yes', 'do not ask')
    .option(...dryRunFlag)
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./down.ts')).down(call, options)));
}
