import type { Command } from '@commander-js/extra-typings';
import { type Act, jsonFlag } from '../act.ts';

export function register(program: Command, act: Act): void {
  const agent = program.command('agent').description('Coding agents: each is described by one YAML file, built in or your own.');

  agent
    .command('list')
    .alias('ls')
    .description('List the agents that there are, and the file of each.')
    .option(...jsonFlag)
    .action((options) => act(options, async (call) => (await import('./list.ts')).list(call)));

  agent
    .command('show <agent>')
    .description('Show how an agent is installed and run.')
    .option(...jsonFlag)
    .action((name, options) => act(options, async (call) => (await import('./show.ts')).show(call, name)));
}
