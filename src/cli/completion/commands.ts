import { Argument, type Command } from '@commander-js/extra-typings';
import type { Act } from '../act.ts';

export function register(program: Command, act: Act): void {
  program
    .command('completion')
    .description('Print a completion script: `source <(slipway completion bash)`.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'] as const))
    .action((shell) => act({}, async (call) => (await import('./print.ts')).print(call, shell), { recover: false }));
}
